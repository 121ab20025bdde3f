import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { cyclesQuery } from '../../../api/queries'
import type { Cycle, Project } from '../../../api/types'
import { Page } from '../../../app/Page'
import { allows, useProject } from '../../../app/projectContext'
import { Button } from '../../../design/Button'
import { EmptyState } from '../../../design/EmptyState'
import { ErrorNotice } from '../../../design/Notice'
import { SelectField } from '../../../design/SelectField'
import { Skeleton } from '../../../design/Skeleton'
import { formatCount } from '../../../format/numbers'
import { compareAddress } from './address'
import styles from './ComparePage.module.css'
import { ClassChangesSection } from './ClassChangesSection'
import { CompareFigures } from './CompareFigures'
import { ConfusionDifference } from './ConfusionDifference'
import { PurityComparison } from './PurityComparison'

/** Two cycles beside each other: their figures, their confusions, and which particles changed class. */
export default function ComparePage() {
  const project = useProject()
  const cycles = useQuery(cyclesQuery(project.slug))
  const withModel = cycles.data?.items.filter((cycle) => cycle.stage === 'ready' && cycle.model_id !== null)
  return (
    <Page
      title="Compare two cycles"
      windowTitle={`Cycles compared in ${project.name}`}
      sub={<Link to={`/projects/${project.slug}/cycles`}>All cycles</Link>}
    >
      {cycles.isPending && <Skeleton label="Loading cycles" lines={6} />}
      {cycles.isError && (
        <ErrorNotice
          error={cycles.error}
          actions={<Button onClick={() => void cycles.refetch()}>Try again</Button>}
        />
      )}
      {withModel && withModel.length < 2 && (
        <EmptyState title="Nothing to compare yet">
          Two cycles that trained a model are needed. Launch another one when you have labeled more.
        </EmptyState>
      )}
      {withModel && withModel.length >= 2 && <Chosen project={project} cycles={withModel} />}
    </Page>
  )
}

/** The pair in the address; without one, the two newest. */
function Chosen({ project, cycles }: { project: Project; cycles: Cycle[] }) {
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const find = (name: string) => cycles.find(({ number }) => String(number) === search.get(name))
  const after = find('after') ?? cycles[0]!
  const before = find('before') ?? cycles.find(({ number }) => number !== after.number)!
  const options = cycles.map(({ number, training_label_count: labels }) => ({
    value: String(number),
    title: `Cycle ${number}${labels === null ? '' : `, ${formatCount(labels)} labels`}`,
  }))
  const go = (one: number, other: number) =>
    one !== other && void navigate(compareAddress(project.slug, one, other), { replace: true })
  return (
    <div className={styles.parts}>
      <div className={styles.choice}>
        <SelectField
          label="Before"
          options={options.filter(({ value }) => value !== String(after.number))}
          value={String(before.number)}
          onChange={(value) => go(Number(value), after.number)}
        />
        <SelectField
          label="After"
          options={options.filter(({ value }) => value !== String(before.number))}
          value={String(after.number)}
          onChange={(value) => go(before.number, Number(value))}
        />
      </div>
      <CompareFigures before={before} after={after} />
      {allows(project.role, 'curator') && (
        <>
          <ClassChangesSection project={project} before={before.number} after={after.number} />
          <PurityComparison slug={project.slug} before={before.number} after={after.number} />
        </>
      )}
      <ConfusionDifference before={before} after={after} />
    </div>
  )
}
