import type { ClassMetrics, Progress, Report } from '../../../api/types'
import { Section } from '../../../design/Section'
import { type Column, Table } from '../../../design/Table'
import { formatCount, formatInterval, formatPercent, formatPlural } from '../../../format/numbers'
import { ConfusionMatrix } from '../ConfusionMatrix'
import { galleryLink } from '../galleryLink'
import styles from '../CyclePage.module.css'

type Row = ClassMetrics & { trained?: number | undefined }

const QUALITY: Column<Row>[] = [
  { title: 'Measured on', numeric: true, cell: (row) => formatCount(row.n) },
  {
    title: 'Recall',
    numeric: true,
    cell: (row) => <Share share={row.recall} interval={row.recall_interval} />,
  },
  {
    title: 'Precision',
    numeric: true,
    cell: (row) => <Share share={row.precision} interval={row.precision_interval} />,
  },
  { title: 'F1', numeric: true, cell: (row) => <Share share={row.f1} interval={row.f1_interval} /> },
]
const NAME: Column<Row> = { title: 'Class', cell: (row) => row.name }
const LABELS: Column<Row> = {
  title: 'Labels',
  numeric: true,
  cell: ({ trained }) => (trained === undefined ? '–' : formatCount(trained)),
}

/** How well each class is found, and what was taken for what: a number there opens the particles. */
export function ClassQuality({
  slug,
  report,
  labeled,
}: {
  slug: string
  report: Report
  /** Labels given so far, to stand beside the figures. */
  labeled?: Progress['labeled']
}) {
  const trained = (name: string) =>
    name === 'junk' ? labeled?.junk : labeled?.by_class.find((each) => each.name === name)?.count
  const rows: Row[] = report.per_class.map((row) => ({ ...row, trained: trained(row.name) }))
  const { names } = report.confusion
  return (
    <div className={styles.pair}>
      <Section
        title="By class"
        intro="Recall: how many of a class were found. Precision: how many of those named so are right. F1 is their harmonic mean. Small: 95 % intervals."
      >
        <Table
          caption="Quality by class"
          columns={labeled ? [NAME, LABELS, ...QUALITY] : [NAME, ...QUALITY]}
          rows={rows}
          rowKey={(row) => row.name}
        />
      </Section>
      <Section
        title="What was taken for what"
        intro={`Of the ${formatPlural(report.n, 'evaluation particle')} it was measured on. A number opens the particles of the pool that are labeled so and called so.`}
      >
        <ConfusionMatrix
          names={names}
          rows={report.confusion.rows}
          galleryOf={(said, taken) => galleryLink(slug, { label: said, predicted: taken })}
        />
      </Section>
    </div>
  )
}

/** A share with its interval, small. */
export function Share({
  share,
  interval,
}: {
  share: number | null | undefined
  interval: number[] | null | undefined
}) {
  if (share == null) return '–'
  const [low, high] = interval ?? []
  return (
    <>
      <span className={styles.share}>{formatPercent(share)}</span>
      {low !== undefined && high !== undefined && (
        <span className={styles.interval}> {formatInterval(low, high)}</span>
      )}
    </>
  )
}
