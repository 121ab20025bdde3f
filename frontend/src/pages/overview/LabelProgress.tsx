import type { Progress } from '../../api/types'
import { Meter } from '../../design/Meter'
import { Section } from '../../design/Section'
import { formatCount, formatPlural, share } from '../../format/numbers'
import styles from './LabelProgress.module.css'

/** Labels given so far: in all, by class, and on the evaluation sample. */
export function LabelProgress({ progress }: { progress: Progress }) {
  const { labeled, evaluation, pool_size: pool } = progress
  const given = labeled.training_total + labeled.unsure + evaluation.labeled
  return (
    <Section title="Labels">
      <p className={styles.total}>
        <strong>{formatCount(given)}</strong>
        <span>of {formatPlural(pool, 'particle')}</span>
      </p>
      <Meter label="Particles labeled" value={share(given, pool) ?? 0} />
      <ClassBars labeled={labeled} />
      <EvaluationSet evaluation={evaluation} />
    </Section>
  )
}

function ClassBars({ labeled }: { labeled: Progress['labeled'] }) {
  const others = [
    { name: 'Junk', count: labeled.junk },
    { name: 'Unsure', count: labeled.unsure },
    { name: 'Skipped', count: labeled.skipped },
  ].filter((entry) => entry.count > 0)
  const most = Math.max(
    1,
    ...labeled.by_class.map((entry) => entry.count),
    ...others.map((entry) => entry.count),
  )
  return (
    <ul className={styles.bars} aria-label="Labels by class">
      {labeled.by_class.map((entry) => (
        <Bar
          key={entry.class_id}
          name={entry.name}
          count={entry.count}
          width={entry.count / most}
          color={entry.color}
        />
      ))}
      {others.map((entry) => (
        <Bar key={entry.name} name={entry.name} count={entry.count} width={entry.count / most} />
      ))}
    </ul>
  )
}

function Bar({ name, count, width, color }: { name: string; count: number; width: number; color?: string }) {
  return (
    <li className={styles.row}>
      <span className={color ? styles.name : styles.plain} title={name}>
        {name}
      </span>
      <span className={styles.bar} aria-hidden="true">
        <span
          className={styles.fill}
          style={{ width: `${width * 100}%`, background: color ?? 'var(--border-strong)' }}
        />
      </span>
      <span className={styles.count}>{formatCount(count)}</span>
    </li>
  )
}

function EvaluationSet({ evaluation }: { evaluation: Progress['evaluation'] }) {
  if (evaluation.size === 0) return null
  const { report, calibrate } = evaluation.by_half
  return (
    <div className={styles.evaluation}>
      <p className={styles.line}>
        <span>Evaluation sample</span>
        <span>
          {formatCount(evaluation.labeled)} of {formatCount(evaluation.size)}
        </span>
      </p>
      <Meter label="Evaluation sample labeled" value={share(evaluation.labeled, evaluation.size) ?? 0} />
      <p className={styles.note}>
        Drawn at random, labeled without hints, never learned from. One half measures accuracy (
        {formatCount(report.labeled)} of {formatCount(report.size)} labeled), the other tunes the network’s
        confidence ({formatCount(calibrate.labeled)} of {formatCount(calibrate.size)}).
      </p>
    </div>
  )
}
