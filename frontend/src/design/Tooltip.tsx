import { type ReactNode, useState } from 'react'
import { classNames } from './classNames'
import styles from './Tooltip.module.css'

/** A short text beside its anchor on hover and focus; Escape hides it. It repeats the anchor's accessible name. */
export function Tooltip({
  text,
  align = 'center',
  children,
}: {
  text: string
  align?: 'center' | 'end'
  children: ReactNode
}) {
  const [dismissed, setDismissed] = useState(false)
  return (
    <span
      className={classNames(styles.anchor, align === 'end' && styles.end, dismissed && styles.dismissed)}
      onKeyDown={(event) => event.key === 'Escape' && setDismissed(true)}
      onPointerEnter={() => setDismissed(false)}
      onFocus={() => setDismissed(false)}
    >
      {children}
      <span className={styles.bubble} aria-hidden="true">
        {text}
      </span>
    </span>
  )
}
