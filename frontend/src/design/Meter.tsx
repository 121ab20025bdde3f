import { classNames } from './classNames'
import styles from './Meter.module.css'

/** How much of a whole there is. `value` in 0..1. `color` is any CSS colour; the default is the accent. */
export function Meter({ label, value, color }: { label: string; value: number; color?: string }) {
  const percent = Math.round(value * 1000) / 10
  return (
    <span
      className={styles.track}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span className={styles.fill} style={{ width: `${percent}%`, ...(color && { background: color }) }} />
    </span>
  )
}

/** Work under way. `value` in 0..1, or null where nobody knows how far it is. */
export function ProgressBar({ label, value }: { label: string; value: number | null }) {
  const percent = value === null ? null : Math.round(value * 1000) / 10
  return (
    <span
      className={classNames(styles.track, styles.thin)}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent !== null && { 'aria-valuenow': percent })}
    >
      {percent === null ? (
        <span className={classNames(styles.fill, styles.waiting)} />
      ) : (
        <span className={styles.fill} style={{ width: `${percent}%` }} />
      )}
    </span>
  )
}
