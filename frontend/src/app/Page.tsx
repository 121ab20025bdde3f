import type { ReactNode } from 'react'
import styles from './Page.module.css'

/** The frame of a page of text and figures: window title, heading, what can be done here. */
export function Page({
  title,
  windowTitle = title,
  sub,
  actions,
  children,
}: {
  title: string
  windowTitle?: string
  sub?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <div className={styles.page}>
      <title>{`${windowTitle} · Tomosift`}</title>
      <div className={styles.head}>
        <div>
          <h1>{title}</h1>
          {sub && <p className={styles.sub}>{sub}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  )
}
