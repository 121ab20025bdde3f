import { type ReactNode, useState } from 'react'
import styles from './Disclosure.module.css'
import { Icon } from './icons'

/** Detail that opens on demand. With `lazy` it is made when it is first opened: a form, say, that nobody may need. */
export function Disclosure({
  summary,
  children,
  open = false,
  lazy = false,
}: {
  summary: string
  children: ReactNode
  open?: boolean
  lazy?: boolean
}) {
  const [isMade, setMade] = useState(open || !lazy)
  return (
    <details className={styles.details} open={open} onToggle={() => setMade(true)}>
      <summary className={styles.summary}>
        <Icon name="chevronRight" size={13} />
        {summary}
      </summary>
      <div className={styles.content}>{isMade && children}</div>
    </details>
  )
}
