import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAskAgain } from '../../../api/actions'
import { explain } from '../../../api/problem'
import { labelErrorsQuery } from '../../../api/queries'
import type {
  CycleMetrics,
  LabelSaid,
  LikelyLabelError,
  LikelyLabelErrors,
  Project,
} from '../../../api/types'
import { Button } from '../../../design/Button'
import { ErrorNotice } from '../../../design/Notice'
import { Section } from '../../../design/Section'
import { Skeleton } from '../../../design/Skeleton'
import { type Column, Table } from '../../../design/Table'
import { showToast } from '../../../design/Toast'
import { formatCount, formatPercent, formatPlural } from '../../../format/numbers'
import styles from './charts.module.css'

const SHOWN_AT_FIRST = 20

/** Training labels that look wrong, to be asked about again. For curators. */
export default function LabelErrorsSection({
  project,
  cycle,
  counts,
}: {
  project: Project
  cycle: number
  counts: NonNullable<CycleMetrics['label_errors']>
}) {
  const [open, setOpen] = useState(false)
  return (
    <Section title="Labels that look wrong" intro={describeCounts(counts)}>
      {counts.found > 0 && !open && <Button onClick={() => setOpen(true)}>Show them</Button>}
      {open && <LabelErrors project={project} cycle={cycle} />}
    </Section>
  )
}

/** How many look wrong, as far as that may be believed. */
function describeCounts({ judged, found, expected }: NonNullable<CycleMetrics['label_errors']>): string {
  const look = `${formatCount(found)} of ${formatPlural(judged, 'label')} that could be judged ${found === 1 ? 'looks' : 'look'} wrong to classifiers that did not see them; the first are the likeliest.`
  return expected === null
    ? `The network is not right often enough yet to count wrong labels: most of what follows will be its own errors. ${look}`
    : `${look} About ${formatCount(expected)} are expected to be wrong; where classes are hard to tell apart, fewer.`
}

function LabelErrors({ project, cycle }: { project: Project; cycle: number }) {
  const errors = useQuery(labelErrorsQuery(project.slug, cycle))
  if (errors.isPending) return <Skeleton label="Loading the labels" lines={6} />
  if (errors.isError) {
    return (
      <ErrorNotice
        error={errors.error}
        actions={<Button onClick={() => void errors.refetch()}>Try again</Button>}
      />
    )
  }
  return <LabelErrorTable project={project} errors={errors.data} />
}

function LabelErrorTable({ project, errors }: { project: Project; errors: LikelyLabelErrors }) {
  const standing = errors.items.filter((item) => item.still_stands)
  const [chosen, setChosen] = useState<ReadonlySet<number>>(
    () => new Set(standing.slice(0, SHOWN_AT_FIRST).map((item) => item.subtomogram_id)),
  )
  const [all, setAll] = useState(false)
  const rows = all ? standing : standing.slice(0, SHOWN_AT_FIRST)
  const changed = errors.items.length - standing.length
  const toggle = (id: number) =>
    setChosen((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  const said = ({ kind, class_id }: LabelSaid) =>
    kind === 'junk' ? 'junk' : (project.classes.find(({ id }) => id === class_id)?.name ?? 'a former class')
  const columns: Column<LikelyLabelError>[] = [
    {
      title: 'Particle',
      cell: ({ subtomogram_id: id, name }) => (
        <label>
          <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} /> {name}
        </label>
      ),
    },
    { title: 'Label', cell: (item) => said(item.given) },
    { title: 'Looks like', cell: (item) => said(item.suggested) },
    { title: 'Likelier by', numeric: true, cell: (item) => formatPercent(item.score) },
  ]
  if (standing.length === 0) return <p>Every label of this list has been changed since.</p>
  return (
    <div className={styles.list}>
      <Table
        caption="Labels that look wrong"
        columns={columns}
        rows={rows}
        rowKey={(item) => item.subtomogram_id}
      />
      {changed > 0 && <p>{formatPlural(changed, 'label')} of the list changed since.</p>}
      {rows.length < standing.length && (
        <Button kind="quiet" onClick={() => setAll(true)}>
          Show all {formatCount(standing.length)}
        </Button>
      )}
      <AskAgain slug={project.slug} ids={[...chosen]} />
    </div>
  )
}

function AskAgain({ slug, ids }: { slug: string; ids: number[] }) {
  const ask = useAskAgain(slug)
  const send = () =>
    ask.mutate(ids, {
      onSuccess: ({ added, asked_already: before }) => {
        const already = before > 0 ? ` ${formatCount(before)} were asked already.` : ''
        showToast(`${formatPlural(added, 'particle')} will be asked about again.${already}`)
      },
      onError: (error) => showToast(explain(error).detail, 'bad'),
    })
  return (
    <Button kind="primary" disabled={ids.length === 0 || ask.isPending} onClick={send}>
      Ask again about these ({formatCount(ids.length)})
    </Button>
  )
}
