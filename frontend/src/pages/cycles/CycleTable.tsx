import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { catalogueQuery } from '../../api/queries'
import type { Cycle } from '../../api/types'
import { Badge } from '../../design/Badge'
import { type Column, Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { formatCount, formatInterval, formatPercent } from '../../format/numbers'
import { formatDuration, secondsBetween } from '../../format/time'
import { acquisitionOf, acquisitionTitle } from './acquisitionTitle'
import styles from './CycleTable.module.css'
import { startedBy, stateOf } from './stages'

/** Cycles, newest first, each with what it cost and what it reached. */
export function CycleTable({ slug, cycles }: { slug: string; cycles: Cycle[] }) {
  const { data: catalogue } = useQuery(catalogueQuery)
  const columns: Column<Cycle>[] = [
    {
      title: 'Cycle',
      cell: (cycle) => <Link to={`/projects/${slug}/cycles/${cycle.number}`}>Cycle {cycle.number}</Link>,
    },
    { title: 'State', cell: (cycle) => <State cycle={cycle} /> },
    {
      title: 'Labels learned from',
      numeric: true,
      cell: (cycle) => (cycle.training_label_count === null ? '–' : formatCount(cycle.training_label_count)),
    },
    { title: 'Accuracy', cell: (cycle) => <Accuracy cycle={cycle} /> },
    {
      title: 'Picked by',
      cell: (cycle) => {
        const id = acquisitionOf(cycle)
        return id === null ? '–' : acquisitionTitle(id, catalogue)
      },
    },
    {
      title: 'Took',
      numeric: true,
      cell: (cycle) =>
        cycle.finished_at === null
          ? '–'
          : formatDuration(secondsBetween(cycle.created_at, cycle.finished_at)),
    },
    { title: 'Started', cell: (cycle) => <Started cycle={cycle} /> },
  ]
  return <Table caption="Cycles" columns={columns} rows={cycles} rowKey={(cycle) => cycle.number} />
}

function State({ cycle }: { cycle: Cycle }) {
  const { tone, title } = stateOf(cycle)
  return (
    <span className={styles.state}>
      <Badge tone={tone}>{title}</Badge>
      {cycle.serves && <Badge>In use</Badge>}
    </span>
  )
}

function Started({ cycle }: { cycle: Cycle }) {
  const why = startedBy(cycle)
  return (
    <>
      <TimeAgo iso={cycle.created_at} />
      {why !== null && <span className={styles.why}>{why}</span>}
    </>
  )
}

function Accuracy({ cycle }: { cycle: Cycle }) {
  const report = cycle.metrics?.report
  if (!report) return <span className={styles.muted}>{cycle.stage === 'ready' ? 'not measured' : '–'}</span>
  return (
    <>
      <span className={styles.accuracy}>{formatPercent(report.accuracy)}</span>{' '}
      <span className={styles.interval}>
        {formatInterval(report.low, report.high)}, n = {formatCount(report.n)}
      </span>
    </>
  )
}
