import type { ExportPreview } from '../../api/types'
import { Button } from '../../design/Button'
import { type Column, Table } from '../../design/Table'
import { formatCount, formatMeasuredOn, formatPercent } from '../../format/numbers'
import styles from './ExportPage.module.css'
import { formatPrecision } from './words'

type Threshold = ExportPreview['thresholds'][number]

/** How many particles remain, and how many of them are expected to be right, at a few thresholds. */
export function ThresholdTable({
  rows,
  current,
  onChoose,
}: {
  rows: Threshold[]
  current: number
  onChoose: (confidence: number) => void
}) {
  const columns: Column<Threshold>[] = [
    {
      title: 'At least',
      cell: ({ confidence }) => (
        <Button size="small" aria-pressed={confidence === current} onClick={() => onChoose(confidence)}>
          {formatPercent(confidence)}
        </Button>
      ),
    },
    { title: 'Particles', numeric: true, cell: ({ count }) => formatCount(count) },
    { title: 'By the model', numeric: true, cell: ({ by_model }) => formatCount(by_model) },
    {
      title: 'Of the model’s, expected right',
      cell: ({ precision }) => (
        <span className={styles.expected}>
          <strong>{formatPrecision(precision) ?? '–'}</strong>
          {precision && precision.n > 0 && <span> {formatMeasuredOn(precision.n)}</span>}
        </span>
      ),
    },
  ]
  return (
    <Table
      caption="What a threshold would leave"
      columns={columns}
      rows={rows}
      rowKey={({ confidence }) => confidence}
    />
  )
}
