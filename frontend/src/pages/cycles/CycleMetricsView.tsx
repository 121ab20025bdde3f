import type { CycleMetrics } from '../../api/types'
import { Figure, Figures } from '../../design/Figure'
import { Notice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { formatCount, formatInterval, formatMeasuredOn, formatPercent } from '../../format/numbers'
import { formatDuration } from '../../format/time'
import styles from './CyclePage.module.css'
import { CalibrationSection } from './quality/CalibrationSection'
import { ClassQuality } from './quality/ClassQuality'
import { AgreementFigures, StoppingAdvice } from './quality/StoppingAdvice'

const orDash = (value: number | null, digits = 0) => (value === null ? '–' : formatPercent(value, digits))

/** What a cycle reached, measured on labels its network never saw. */
export function CycleMetricsView({ slug, metrics }: { slug: string; metrics: CycleMetrics }) {
  const { report, calibration, training, reason } = metrics
  return (
    <>
      {reason && (
        <Notice title={report ? 'Not everything could be measured' : 'Accuracy was not measured'}>
          {reason}
        </Notice>
      )}
      <Figures>
        {report && (
          <>
            <Figure
              label="Accuracy"
              value={formatPercent(report.accuracy)}
              note={`95 % interval ${formatInterval(report.low, report.high)}, ${formatMeasuredOn(report.n)}`}
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
      </Figures>
      {metrics.stopping && <StoppingAdvice advice={metrics.stopping} />}
      {report && <ClassQuality slug={slug} report={report} />}
      <div className={styles.beside}>
        <CalibrationSection calibration={calibration} />
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
