import { useQuery } from '@tanstack/react-query'
import { agreementQuery, annotatorsQuery } from '../../api/review'
import type { Agreement, Project, ValueKappa } from '../../api/types'
import { Button } from '../../design/Button'
import { Figure } from '../../design/Figure'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { formatCount, formatPercent, formatPlural } from '../../format/numbers'
import { AnnotatorTable } from './AnnotatorTable'
import { formatKappa, formatKappaInterval } from './kappa'
import { PairMatrix } from './PairMatrix'
import styles from './ReviewPage.module.css'
import { valueName } from './values'

/** How far people agree, and what each has done. Annotators see themselves alone. */
export function AgreementPart({ project, isCurator }: { project: Project; isCurator: boolean }) {
  return (
    <div className={styles.body}>
      {isCurator && <AgreementFigures project={project} />}
      <Annotators project={project} isCurator={isCurator} />
    </div>
  )
}

function AgreementFigures({ project }: { project: Project }) {
  const agreement = useQuery(agreementQuery(project.slug))
  if (agreement.isPending) return <Skeleton label="Working out the agreement" lines={6} />
  if (agreement.isError) {
    return (
      <ErrorNotice
        error={agreement.error}
        actions={<Button onClick={() => void agreement.refetch()}>Try again</Button>}
      />
    )
  }
  const { data } = agreement
  if (data.subtomograms === 0) {
    return (
      <Section title="Agreement">
        <p>
          No particle has opinions of two people yet. Ask a second person about a share of the particles
          (project setting <code>overlap_share</code>), or ask again about labeled ones under Queue.
        </p>
      </Section>
    )
  }
  return (
    <>
      <Overall agreement={data} />
      <Section title="By answer" intro="Each answer against all others.">
        <ByValue agreement={data} project={project} />
      </Section>
      {data.pairs.length > 0 && (
        <Section
          title="By pair of people"
          intro="Cohen’s kappa, and below it the particles both have decided."
        >
          <PairMatrix pairs={data.pairs} />
        </Section>
      )}
    </>
  )
}

function Overall({ agreement }: { agreement: Agreement }) {
  const { overall, subtomograms, opinions } = agreement
  return (
    <Section
      title="Agreement"
      intro="Kappa takes off what chance would give: 1 is always the same answer, 0 no better than chance."
    >
      <dl className={styles.figures}>
        <Figure
          label="Fleiss’ kappa"
          value={formatKappa(overall)}
          note={`${formatKappaInterval(overall) ?? 'no interval'}, n = ${formatCount(overall.n)}`}
        />
        <Figure
          label="Same answer"
          value={overall.observed === null ? 'not yet' : formatPercent(overall.observed)}
          note="of two opinions on one particle"
        />
        <Figure
          label="Rests on"
          value={formatPlural(subtomograms, 'particle')}
          note={`with ${formatPlural(opinions, 'opinion')}`}
        />
      </dl>
    </Section>
  )
}

function ByValue({ agreement, project }: { agreement: Agreement; project: Project }) {
  const columns: Column<ValueKappa>[] = [
    { title: 'Answer', cell: (row) => valueName(row, project.classes) },
    { title: 'Kappa', numeric: true, cell: formatKappa },
    { title: '95 % interval', numeric: true, cell: (row) => formatKappaInterval(row) ?? '' },
    { title: 'Particles', numeric: true, cell: (row) => formatCount(row.n) },
    { title: 'Opinions', numeric: true, cell: (row) => formatCount(row.opinions) },
  ]
  return (
    <Table
      caption="Agreement by answer"
      columns={columns}
      rows={agreement.by_value}
      rowKey={(row) => row.class_id ?? row.kind}
    />
  )
}

function Annotators({ project, isCurator }: { project: Project; isCurator: boolean }) {
  const annotators = useQuery(annotatorsQuery(project.slug))
  if (annotators.isPending) return <Skeleton label="Loading the statistics" lines={4} />
  if (annotators.isError) return <ErrorNotice error={annotators.error} />
  const people = annotators.data.annotators
  return (
    <>
      <Section
        title={isCurator ? 'Annotators' : 'What you have done here'}
        intro="Shares stand with their 95 % interval and the number of comparisons. The consensus contains a person’s own opinion."
      >
        {people.length === 0 ? <p>Nobody has decided anything yet.</p> : <AnnotatorTable people={people} />}
      </Section>
      {!isCurator && people[0] !== undefined && (
        <Section
          title="By answer"
          intro="Where others judged the same particle, how often they said the same."
        >
          <OwnClasses project={project} person={people[0]} />
        </Section>
      )}
    </>
  )
}

function OwnClasses({
  project,
  person,
}: {
  project: Project
  person: Parameters<typeof AnnotatorTable>[0]['people'][number]
}) {
  return (
    <Table
      caption="Your answers"
      columns={[
        { title: 'Answer', cell: (row) => valueName(row, project.classes) },
        { title: 'Your decisions', numeric: true, cell: (row) => formatCount(row.decisions) },
        {
          title: 'Others said the same',
          numeric: true,
          cell: ({ with_others: share }) =>
            share.value === null
              ? 'nobody else yet'
              : `${formatPercent(share.value)} of ${formatCount(share.n)}`,
        },
      ]}
      rows={person.by_value}
      rowKey={(row) => row.class_id ?? row.kind}
    />
  )
}
