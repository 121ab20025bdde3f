import { type ReactNode, useId } from 'react'
import { Button } from '../../../design/Button'
import { classNames } from '../../../design/classNames'
import { Icon } from '../../../design/icons'
import styles from './Step.module.css'

/** A step of a form that unfolds downwards: a done one shows what was chosen and can be taken up again. */
export function Step({
  number,
  title,
  summary,
  onChange,
  children,
}: {
  number: number
  title: string
  /** What was chosen; shown in place of the content. */
  summary?: ReactNode
  onChange?: () => void
  children?: ReactNode
}) {
  const id = useId()
  const done = summary !== undefined
  return (
    <li className={classNames(styles.step, done && styles.done)} aria-labelledby={id}>
      <span className={styles.mark} aria-hidden="true">
        {done ? <Icon name="check" size={13} /> : number}
      </span>
      <div className={styles.content}>
        <div className={styles.head}>
          <h3 id={id}>{title}</h3>
          {done && <div className={styles.summary}>{summary}</div>}
          {onChange && (
            <Button kind="quiet" size="small" onClick={onChange} aria-label={`Change: ${title}`}>
              Change
            </Button>
          )}
        </div>
        {children}
      </div>
    </li>
  )
}
