import type { ReactNode } from 'react'
import styles from './Figure.module.css'

/** One number that matters, with what it is and what it rests on. */
export function Figure({ label, value, note }: { label: string; value: string; note?: string }) {
  return (
    <div>
      <dt className={styles.label}>{label}</dt>
      <dd>
        <p className={styles.value}>{value}</p>
        {note && <p className={styles.note}>{note}</p>}
      </dd>
    </div>
  )
}

/** `Figure`s beside each other, as many in a row as have room. */
export function Figures({ children }: { children: ReactNode }) {
  return <dl className={styles.figures}>{children}</dl>
}
