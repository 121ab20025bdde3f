import type { ClassMetrics, CycleMetrics, Report } from '../../api/types'
import { Figure } from '../../design/Figure'
import { Notice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { type Column, Table } from '../../design/Table'
import { formatCount, formatInterval, formatPercent } from '../../format/numbers'
import { formatDuration } from '../../format/time'
import { ConfusionMatrix } from './ConfusionMatrix'
import styles from './CyclePage.module.css'

const orDash = (value: number | null, digits = 0) => (value === null ? '–' : formatPercent(value, digits))

const CLASS_COLUMNS: Column<ClassMetrics>[] = [
  { title: 'Class', cell: (row) => row.name },
  { title: 'Labels', numeric: true, cell: (row) => formatCount(row.n) },
  { title: 'Recall', numeric: true, cell: (row) => orDash(row.recall) },
  { title: 'Precision', numeric: true, cell: (row) => orDash(row.precision) },
]

/** What a cycle reached, measured on labels its network never saw. */
export function CycleMetricsView({ metrics }: { metrics: CycleMetrics }) {
  const { report, calibration, training, reason } = metrics
  return (
    <>
      {reason && (
        <Notice title={report ? 'Not everything could be measured' : 'Accuracy was not measured'}>
          {reason}
        </Notice>
      )}
      <dl className={styles.figures}>
        {report && (
          <>
            <Figure
              label="Accuracy"
              value={formatPercent(report.accuracy)}
              note={`95 % interval ${formatInterval(report.low, report.high)}, from ${formatCount(report.n)} evaluation labels`}
            />
            <Figure
              label="Balanced accuracy"
              value={orDash(report.balanced_accuracy)}
              note="every class counts alike"
            />
          </>
        )}
        {calibration && (
          <Figure
            label="Confidence is off by"
            value={orDash(calibration.ece_after, 1)}
            note={`was ${orDash(calibration.ece_before, 1)} before calibration, from ${formatCount(calibration.n)} labels`}
          />
        )}
        {training && (
          <Figure label="Training" value={formatDuration(training.seconds)} note={trainingNote(training)} />
        )}
      </dl>
      {report && <ByClass report={report} />}
    </>
  )
}

function trainingNote({ steps, samples_per_second: rate }: NonNullable<CycleMetrics['training']>): string {
  const pace = rate === null ? '' : `, ${formatCount(Math.round(rate))} particles per s`
  return `${formatCount(steps)} steps${pace}`
}

function ByClass({ report }: { report: Report }) {
  return (
    <div className={styles.pair}>
      <Section
        title="By class"
        intro="Recall: how many of a class were found. Precision: how many of those named so are right."
      >
        <Table
          caption="Quality by class"
          columns={CLASS_COLUMNS}
          rows={report.per_class}
          rowKey={(row) => row.name}
        />
      </Section>
      <Section title="What was taken for what">
        <ConfusionMatrix names={report.confusion.names} rows={report.confusion.rows} />
      </Section>
    </div>
  )
}
