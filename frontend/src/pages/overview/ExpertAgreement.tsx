import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { agreementQuery } from '../../api/review'
import type { Project } from '../../api/types'
import { Figure, Figures } from '../../design/Figure'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { formatCount, formatPercent, formatPlural } from '../../format/numbers'
import { formatKappa, formatKappaInterval } from '../review/kappa'

/** How far people agree with each other: no network can be expected to agree with them more. */
export function ExpertAgreement({ project }: { project: Project }) {
  const agreement = useQuery({ ...agreementQuery(project.slug), staleTime: 60_000 })
  return (
    <Section
      title="Do the experts agree?"
      intro="Where experts disagree, no network can please them all."
      actions={<Link to={`/projects/${project.slug}/review?part=agreement`}>By class and by pair</Link>}
    >
      {agreement.isPending && <Skeleton label="Working out the agreement" lines={3} />}
      {agreement.isError && <ErrorNotice error={agreement.error} />}
      {agreement.data?.subtomograms === 0 && (
        <p>
          No particle has opinions of two people yet. To know, have a share of the particles looked at by a
          second person: <Link to={`/projects/${project.slug}/settings/project`}>project settings</Link>.
        </p>
      )}
      {agreement.data && agreement.data.subtomograms > 0 && (
        <Figures>
          <Figure
            label="Fleiss’ kappa"
            value={formatKappa(agreement.data.overall)}
            note={`${formatKappaInterval(agreement.data.overall) ?? 'no interval'}, n = ${formatCount(agreement.data.overall.n)}`}
          />
          <Figure
            label="Same answer"
            value={
              agreement.data.overall.observed === null
                ? 'not yet'
                : formatPercent(agreement.data.overall.observed)
            }
            note={`of two opinions on one particle, over ${formatPlural(agreement.data.subtomograms, 'particle')}`}
          />
        </Figures>
      )}
    </Section>
  )
}
