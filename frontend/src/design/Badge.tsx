import type { ReactNode } from 'react'
import styles from './Badge.module.css'
import { classNames } from './classNames'
import { Icon, type IconName } from './icons'

export type Tone = 'neutral' | 'active' | 'good' | 'warn' | 'bad'

const ICONS: Partial<Record<Tone, IconName>> = { good: 'check', warn: 'alert', bad: 'alert', active: 'cycle' }

/** The state of something in one or two words; an icon beside the colour, so that colour is never the only cue. */
export function Badge({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) {
  const icon = ICONS[tone]
  return (
    <span className={classNames(styles.badge, tone !== 'neutral' && styles[tone])}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  )
}
