import type { Cycle, JobProgress } from '../../api/types'
import { ProgressBar } from '../../design/Meter'
import { formatCount, formatPercent, formatRate, share } from '../../format/numbers'
import { formatTimeLeft } from '../../format/time'
import styles from './CycleProgress.module.css'
import { describeWork, stateOf } from './stages'

/** How far the stage under way is: bar, count, rate, time left. */
export function CycleProgress({ cycle }: { cycle: Cycle }) {
  const { progress } = cycle.job
  const value = cycle.stage === 'queued' ? null : share(progress?.done, progress?.total)
  return (
    <div className={styles.work}>
      <p>{describeWork(cycle)}</p>
      <ProgressBar label={`Cycle ${cycle.number}: ${stateOf(cycle).title.toLowerCase()}`} value={value} />
      <ProgressFigures progress={progress} />
      <p className="visually-hidden" role="status">
        {announcement(cycle, value)}
      </p>
    </div>
  )
}

/** Count, rate, time left and the job's own words; what is unknown is left out. */
export function ProgressFigures({ progress }: { progress: JobProgress | null }) {
  if (progress === null) return null
  const { done, total, rate, eta_seconds: left, message } = progress
  const count =
    done == null ? null : total ? `${formatCount(done)} of ${formatCount(total)}` : formatCount(done)
  // Many a job names the count in its own words already.
  const said = message && done != null && message.includes(formatCount(done))
  const parts = [
    message || null,
    said ? null : count,
    rate ? formatRate(rate) : null,
    left == null ? null : formatTimeLeft(left),
  ].filter((part) => part !== null)
  if (parts.length === 0) return null
  return (
    <p className={styles.figures}>
      {parts.map((part) => (
        <span key={part}>{part}</span>
      ))}
    </p>
  )
}

/** What a screen reader says: at every new stage and each quarter of it, not at every step. */
function announcement(cycle: Cycle, value: number | null): string {
  const stage = `Cycle ${cycle.number}: ${stateOf(cycle).title}`
  if (value === null) return stage
  return `${stage}, ${formatPercent(Math.floor(value * 4) / 4)}`
}
