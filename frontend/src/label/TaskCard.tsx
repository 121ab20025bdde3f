/** The question: which subtomogram this is, why it was chosen, and what to do. */
import type { ReactElement } from 'react'
import { Button, IconButton } from '../design/Button'
import { Icon } from '../design/icons'
import type { Project, Task, Work } from './api'
import styles from './TaskCard.module.css'
import type { TaskQueue, TaskQueueState } from './taskQueue'

interface TaskCardProps {
  readonly project: Project
  readonly queue: TaskQueue
  readonly state: TaskQueueState
  readonly takenBack: boolean
  /** Show what the cycle of the new picks learned. */
  readonly onReport: () => void
}

/** Heading and line of each kind of work that is no pick; all but one's own choice are decided without hints. */
const TOLD: Readonly<Record<Exclude<Work, 'query'>, { title: string; text: string }>> = {
  evaluation: {
    title: 'Evaluation particle',
    text: 'Decide without hints: drawn at random, it measures the model and is never trained on.',
  },
  recheck: {
    title: 'Second opinion',
    text: 'Somebody has decided this one. What they said is not shown: decide as if you saw it first.',
  },
  'label-error': {
    title: 'Likely label error',
    text: 'Its label looks wrong to the model. Neither is shown: decide afresh, also if you have decided it before.',
  },
  adjudication: { title: 'Opinions differ', text: 'Annotators disagree here: your word settles it.' },
  choice: {
    title: 'Your own choice',
    text: 'Nobody was asked about this one. Decide it, or press S to go back to the queue without deciding.',
  },
}

/** A score with the digits that matter. */
export function formatScore(score: number): string {
  return score !== 0 && Math.abs(score) < 0.001 ? score.toExponential(1) : score.toPrecision(3)
}

/** What is said of the choice: rank and score come from the pick, the words from the service. */
export function describePick(task: Task): string | null {
  const { pick } = task
  if (task.work !== 'query' || pick === null) return null
  return pick.score === null ? pick.reason : `${pick.reason} Score ${formatScore(pick.score)}.`
}

export function TaskCard({ project, queue, state, takenBack, onReport }: TaskCardProps): ReactElement {
  const { current, arrivedBatch } = state
  const task = current?.task ?? null
  return (
    <div className={styles.card}>
      {arrivedBatch !== null && !state.resting && (
        <div className={styles.arrival} role="status">
          <Icon name="cycle" size={14} />
          <span>New picks from cycle {arrivedBatch} are here.</span>
          <Button kind="quiet" size="small" onClick={onReport}>
            What it learned
          </Button>
          <IconButton icon="close" label="Dismiss" size="small" onClick={() => queue.dismissArrival()} />
        </div>
      )}
      <h2 className={styles.question}>
        {task === null ? 'Nothing to decide just now' : 'Which particle is in the middle of the box?'}
      </h2>
      {task !== null && (
        <>
          <Reason task={task} />
          {takenBack && <p className={styles.note}>Taken back: decide this one again.</p>}
          {current?.leaseEnded === true && (
            <p className={styles.note}>
              Your reservation of this particle has run out. Your decision is recorded all the same.
            </p>
          )}
          <dl className={styles.facts}>
            <div>
              <dt>Particle</dt>
              <dd title={task.subtomogram.name}>{task.subtomogram.name}</dd>
            </div>
            {task.subtomogram.tomogram !== null && (
              <div>
                <dt>Tomogram</dt>
                <dd title={task.subtomogram.tomogram}>{task.subtomogram.tomogram}</dd>
              </div>
            )}
            <div>
              <dt>Box</dt>
              <dd>{describeBox(task)}</dd>
            </div>
            <div>
              <dt>Protein</dt>
              <dd>{project.protein_contrast === 'dark' ? 'dark; bright in 3D' : 'bright'}</dd>
            </div>
          </dl>
        </>
      )}
    </div>
  )
}

function describeBox({ subtomogram }: Task): string {
  const { box_size: box, voxel_size_angstrom: voxel } = subtomogram
  if (voxel === null) return `${box} voxels`
  return `${box} voxels · ${Number(((box * voxel) / 10).toPrecision(3))} nm`
}

function Reason({ task }: { readonly task: Task }): ReactElement {
  if (task.work !== 'query') {
    const { title, text } = TOLD[task.work]
    return (
      <div className={styles.reason} data-blind={task.work !== 'choice'}>
        <strong>{title}</strong>
        <p>{text}</p>
      </div>
    )
  }
  const { pick } = task
  return (
    <div className={styles.reason}>
      <strong>{pick?.cycle_number == null ? 'Why this one' : `Picked by cycle ${pick.cycle_number}`}</strong>
      <p>{describePick(task) ?? 'Chosen by the project.'}</p>
    </div>
  )
}
