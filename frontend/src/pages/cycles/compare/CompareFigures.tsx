import { useQuery } from '@tanstack/react-query'
import { catalogueQuery } from '../../../api/queries'
import type { Catalogue, Cycle } from '../../../api/types'
import { Section } from '../../../design/Section'
import { type Column, Table } from '../../../design/Table'
import { formatCount, formatInterval, formatPercent } from '../../../format/numbers'
import { formatDuration } from '../../../format/time'
import { acquisitionOf, acquisitionTitle } from '../acquisitionTitle'
import { differenceInPoints } from './differences'
import styles from './ComparePage.module.css'

interface Row {
  name: string
  before: string
  after: string
  difference: string
}

/** The figures of both, and those of each class. */
export function CompareFigures({ before, after }: { before: Cycle; after: Cycle }) {
  const { data: catalogue } = useQuery(catalogueQuery)
  const columns = (first: string): Column<Row>[] => [
    { title: first, cell: (row) => row.name },
    { title: `Cycle ${before.number}`, numeric: true, cell: (row) => row.before },
    { title: `Cycle ${after.number}`, numeric: true, cell: (row) => row.after },
    { title: 'Difference', numeric: true, cell: (row) => row.difference },
  ]
  return (
    <div className={styles.figures}>
      <Section
        title="Figures"
        intro="With 95 % intervals. Where they overlap by much, the difference may be chance: both were measured on the same kind of sample, not on the same number of labels."
      >
        <Table
          caption="Figures of both cycles"
          columns={columns('Figure')}
          rows={wholeRows(before, after, catalogue)}
          rowKey={(row) => row.name}
        />
      </Section>
      <Section title="How many of each class were found" intro="Recall, with 95 % intervals.">
        <Table
          caption="Recall by class"
          columns={columns('Class')}
          rows={classRows(before, after)}
          rowKey={(row) => row.name}
        />
      </Section>
    </div>
  )
}

type Share = {
  value: number | null | undefined
  low?: number | undefined
  high?: number | undefined
  n?: number
}

function words({ value, low, high, n }: Share): string {
  if (value == null) return '–'
  const interval = low === undefined || high === undefined ? '' : ` (${formatInterval(low, high)})`
  return `${formatPercent(value)}${interval}${n === undefined ? '' : `, n = ${formatCount(n)}`}`
}

function shareRow(name: string, before: Share, after: Share): Row {
  return {
    name,
    before: words(before),
    after: words(after),
    difference: differenceInPoints(before.value, after.value),
  }
}

function wholeRows(before: Cycle, after: Cycle, catalogue: Catalogue | undefined): Row[] {
  const accuracy = ({ metrics }: Cycle): Share => {
    const report = metrics?.report
    return { value: report?.accuracy, low: report?.low, high: report?.high, ...(report && { n: report.n }) }
  }
  const balanced = ({ metrics }: Cycle): Share => ({ value: metrics?.report?.balanced_accuracy })
  const confidence = ({ metrics }: Cycle): Share => ({ value: metrics?.calibration?.ece_after })
  const count = (value: number | null) => (value === null ? '–' : formatCount(value))
  const picked = (cycle: Cycle) => {
    const id = acquisitionOf(cycle)
    return id === null ? '–' : acquisitionTitle(id, catalogue)
  }
  const [were, are] = [before.training_label_count, after.training_label_count]
  const time = ({ metrics }: Cycle) => (metrics?.training ? formatDuration(metrics.training.seconds) : '–')
  return [
    {
      name: 'Labels learned from',
      before: count(were),
      after: count(are),
      difference:
        were === null || are === null
          ? '–'
          : `${are >= were ? '+' : '−'}${formatCount(Math.abs(are - were))}`,
    },
    shareRow('Accuracy', accuracy(before), accuracy(after)),
    shareRow('Balanced accuracy', balanced(before), balanced(after)),
    shareRow('Confidence is off by', confidence(before), confidence(after)),
    { name: 'Training took', before: time(before), after: time(after), difference: '' },
    {
      name: 'Picked by',
      before: picked(before),
      after: picked(after),
      difference: '',
    },
  ]
}

function classRows(before: Cycle, after: Cycle): Row[] {
  const of = (cycle: Cycle) => cycle.metrics?.report?.per_class ?? []
  const names = [...new Set([...of(before), ...of(after)].map(({ name }) => name))]
  return names.map((name) => {
    const share = (cycle: Cycle): Share => {
      const found = of(cycle).find((each) => each.name === name)
      const [low, high] = found?.recall_interval ?? []
      return { value: found?.recall, low, high, ...(found && { n: found.n }) }
    }
    return shareRow(name, share(before), share(after))
  })
}
