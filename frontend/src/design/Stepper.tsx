import { classNames } from './classNames'
import { Icon } from './icons'
import styles from './Stepper.module.css'

export type StepState = 'done' | 'current' | 'ahead' | 'failed' | 'cancelled'

const SPOKEN: Record<StepState, string> = {
  done: 'done',
  current: 'under way',
  ahead: 'still to come',
  failed: 'failed here',
  cancelled: 'cancelled here',
}

/** The stages of a piece of work in their order, and where it is. */
export function Stepper({ label, steps }: { label: string; steps: { title: string; state: StepState }[] }) {
  return (
    <ol className={styles.steps} aria-label={label}>
      {steps.map(({ title, state }) => (
        <li
          key={title}
          className={classNames(styles.step, state !== 'ahead' && styles[state])}
          aria-current={state === 'current' ? 'step' : undefined}
        >
          <span className={styles.mark} aria-hidden="true">
            {state === 'done' && <Icon name="check" size={12} />}
            {(state === 'failed' || state === 'cancelled') && <Icon name="close" size={12} />}
          </span>
          {title}
          <span className="visually-hidden">, {SPOKEN[state]}</span>
        </li>
      ))}
    </ol>
  )
}
