import { lazy, Suspense } from 'react'
import type { ClassMetrics, CycleMetrics, Report } from '../../api/types'
import { Figure } from '../../design/Figure'
import { Notice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { formatCount, formatInterval, formatPercent } from '../../format/numbers'
import { formatDuration } from '../../format/time'
import { ConfusionMatrix } from './ConfusionMatrix'
import styles from './CyclePage.module.css'
import { AgreementFigures, StoppingAdvice } from './quality/StoppingAdvice'

const ReliabilityDiagram = lazy(() => import('./quality/ReliabilityDiagram'))

const orDash = (value: number | null, digits = 0) => (value === null ? '–' : formatPercent(value, digits))

const CLASS_COLUMNS: Column<ClassMetrics>[] = [
  { title: 'Class', cell: (row) => row.name },
  { title: 'Labels', numeric: true, cell: (row) => formatCount(row.n) },
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

function Share({
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
      {metrics.stopping && <StoppingAdvice advice={metrics.stopping} />}
      {report && <ByClass report={report} />}
      <div className={styles.beside}>
        {calibration?.reliability_after && calibration.reliability_after.length > 0 && (
          <Section
            title="Does its confidence hold?"
            intro="On the dashed line, what is called 80 % sure is right in 80 % of cases; below it, the network is too sure of itself."
          >
            <Suspense fallback={<Skeleton label="Drawing the reliability diagram" lines={8} />}>
              <ReliabilityDiagram calibration={calibration} />
            </Suspense>
          </Section>
        )}
        {metrics.agreement && (
          <Section title="Agreement with the model before">
            <AgreementFigures agreement={metrics.agreement} />
          </Section>
        )}
      </div>
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
        intro="Recall: how many of a class were found. Precision: how many of those named so are right. F1 is their harmonic mean. Small: 95 % intervals."
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
