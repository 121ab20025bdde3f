import type { ReactNode } from 'react'
import { explain } from '../api/problem'
import { classNames } from './classNames'
import { Icon, type IconName } from './icons'
import styles from './Notice.module.css'
import { Prose } from './Prose'

export type NoticeTone = 'neutral' | 'good' | 'warn' | 'bad'

const ICONS: Record<NoticeTone, IconName> = { neutral: 'info', good: 'check', warn: 'alert', bad: 'alert' }

/** Something to know where one is looking: what happened and what to do. Errors interrupt a screen reader. */
export function Notice({
  tone = 'neutral',
  title,
  children,
  actions,
}: {
  tone?: NoticeTone
  title?: string
  children?: ReactNode
  actions?: ReactNode
}) {
  return (
    <div className={classNames(styles.notice, styles[tone])} role={tone === 'bad' ? 'alert' : 'status'}>
      <span className={styles.mark}>
        <Icon name={ICONS[tone]} />
      </span>
      <div className={styles.body}>
        {title && <p className={styles.title}>{title}</p>}
        {children && <div className={styles.detail}>{children}</div>}
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
    </div>
  )
}

/** Any error of the service or the network, in words. */
export function ErrorNotice({ error, actions }: { error: unknown; actions?: ReactNode }) {
  const { title, detail } = explain(error)
  return (
    <Notice tone="bad" title={title} actions={actions}>
      <Prose text={detail} />
    </Notice>
  )
}
