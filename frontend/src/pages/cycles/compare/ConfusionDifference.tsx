import type { Cycle } from '../../../api/types'
import { Section } from '../../../design/Section'
import { type Column, Table } from '../../../design/Table'
import { confusionDifference } from './differences'
import styles from './ComparePage.module.css'

interface Row {
  name: string
  cells: (number | null)[]
}

/** Where the later model confuses classes more or less than the earlier one. */
export function ConfusionDifference({ before, after }: { before: Cycle; after: Cycle }) {
  const [was, is] = [before.metrics?.report?.confusion, after.metrics?.report?.confusion]
  if (!was || !is) return null
  const { names, rows } = confusionDifference(was, is)
  const columns: Column<Row>[] = [
    { title: 'Experts said', cell: ({ name }) => name },
    ...names.map((name, column): Column<Row> => ({
      title: name,
      numeric: true,
      cell: (row) => <Cell change={row.cells[column] ?? null} right={row.name === name} />,
    })),
  ]
  return (
    <Section
      title="What is taken for what, more or less than before"
      intro="By how many points the share of each class that is called so has changed. Rows: what experts said; columns: what the network says. On the diagonal more is better, beside it less."
    >
      <Table
        caption="Change of the confusion"
        columns={columns}
        rows={names.map((name, row): Row => ({ name, cells: rows[row] ?? [] }))}
        rowKey={({ name }) => name}
      />
    </Section>
  )
}

function Cell({ change, right }: { change: number | null; right: boolean }) {
  if (change === null) return <span className={styles.muted}>–</span>
  const points = Math.round(change * 100)
  if (points === 0) return <span className={styles.muted}>0</span>
  const better = points > 0 === right
  return (
    <span className={better ? styles.better : styles.worse}>
      {points > 0 ? '+' : '−'}
      {Math.abs(points)}
    </span>
  )
}
