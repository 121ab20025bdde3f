/** The line at the foot: saved or not, this sitting's pace, what is left, and what the cycle does. */
import type { ReactElement, ReactNode } from 'react'
import { Button } from '../design/Button'
import { classNames } from '../design/classNames'
import { Meter, ProgressBar } from '../design/Meter'
import { OutboxStatus } from '../outbox/OutboxStatus'
import type { QueueState } from './api'
import type { RunningCycle } from './cycleProgress'
import type { LabelSession, PastDecision } from './LabelSession'
import styles from './SessionBar.module.css'
import { sessionStats } from './sessionStats'

interface SessionBarProps {
  readonly session: LabelSession
  readonly counts: QueueState | null
  readonly history: readonly PastDecision[]
  readonly cycle: RunningCycle | null
  readonly cyclesLink: ReactNode
  readonly onHelp: () => void
}

export function SessionBar(props: SessionBarProps): ReactElement {
  const { session, counts, history, cycle, cyclesLink, onHelp } = props
  const { decisions, medianSeconds } = sessionStats(history)
  return (
    <footer className={styles.bar}>
      <OutboxStatus outbox={session.outbox} />
      <span className={styles.item}>
        <b data-testid="session-decisions">{decisions}</b> {decisions === 1 ? 'decision' : 'decisions'} now
      </span>
      {medianSeconds !== null && (
        <span className={classNames(styles.item, styles.minor)} title="Half of your looks were shorter">
          <b>{medianSeconds.toFixed(1)} s</b> each
        </span>
      )}
      {counts !== null && <BatchProgress counts={counts} />}
      <span className={styles.space} />
      {cycle !== null && (
        <span className={styles.cycle} role="status">
          {cyclesLink}
          <ProgressBar label={cycle.text} value={cycle.fraction} />
        </span>
      )}
      <Button kind="quiet" size="small" onClick={onHelp}>
        Keys <kbd>?</kbd>
      </Button>
    </footer>
  )
}

function BatchProgress({ counts }: { readonly counts: QueueState }): ReactElement | null {
  const {
    batch_total: total,
    batch_done: done,
    batch_cycle_number: number,
    open_evaluation: evaluation,
    waiting_for_others: waiting,
  } = counts
  if (total === 0 && evaluation === 0 && waiting === 0 && !counts.is_paused) return null
  const name = number === null ? 'First batch' : `Picks of cycle ${number}`
  return (
    <>
      {total > 0 && (
        <span className={styles.batch} title={`${name}: ${total - done} of ${total} left`}>
          <span>{name}</span>
          <Meter label={`${name}: done`} value={total === 0 ? 0 : done / total} />
          <span>
            <b>{total - done}</b> left
          </span>
        </span>
      )}
      {counts.is_paused && (
        <span className={styles.item} title="A curator has paused the queue; what is open here still counts">
          <b>Paused</b>
        </span>
      )}
      {waiting > 0 && (
        <span className={styles.item} title="You have answered them; somebody else is asked as well">
          <b>{waiting}</b> wait for a second person
        </span>
      )}
      {evaluation > 0 && (
        <span className={styles.item} title="Random items mixed in between the picks; they measure the model">
          <b>{evaluation}</b> evaluation {evaluation === 1 ? 'particle' : 'particles'} left
        </span>
      )}
    </>
  )
}
