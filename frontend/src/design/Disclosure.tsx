import type { ReactNode } from 'react'
import styles from './Disclosure.module.css'
import { Icon } from './icons'

/** Detail that opens on demand. */
export function Disclosure({
  summary,
  children,
  open = false,
}: {
  summary: string
  children: ReactNode
  open?: boolean
}) {
  return (
    <details className={styles.details} open={open}>
      <summary className={styles.summary}>
        <Icon name="chevronRight" size={13} />
        {summary}
      </summary>
      <div className={styles.content}>{children}</div>
    </details>
  )
}
