/** What lies over the viewer while there is no volume in it: why, and what comes next. */
import { useEffect, useRef, type ReactElement, type ReactNode } from 'react'
import { explain } from '../api/problem'
import { usePauseQueue } from '../api/review'
import { Button, ButtonLink } from '../design/Button'
import { ProgressBar } from '../design/Meter'
import { showToast } from '../design/Toast'
import type { EmptyQueue, Project } from './api'
import type { RunningCycle } from './cycleProgress'
import styles from './StageCover.module.css'
import type { TaskQueue, TaskQueueState } from './taskQueue'

interface StageCoverProps {
  readonly project: Project
  readonly queue: TaskQueue
  readonly state: TaskQueueState
  readonly cycle: RunningCycle | null
  /** What the newest batch's cycle learned. */
  readonly report: ReactNode
}

export function StageCover({ project, queue, state, cycle, report }: StageCoverProps): ReactElement | null {
  const { current, empty, problem, started, resting, arrivedBatch } = state
  if (resting && arrivedBatch !== null) {
    return (
      <Cover
        wide
        title={`Cycle ${arrivedBatch} is ready, and new picks are here`}
        actions={<GoOnButton onClick={() => queue.goOn()} />}
      >
        {report}
      </Cover>
    )
  }
  if (current !== null && current.problem !== null) {
    return (
      <Cover
        title="This volume cannot be shown"
        actions={
          <>
            <Button onClick={() => queue.retryVolume()}>Try again</Button>
          </>
        }
      >
        {current.problem} If it stays, press S to skip it: someone else can look.
      </Cover>
    )
  }
  if (current !== null && current.volume === null) return <Cover quiet title="Loading the volume…" />
  if (current !== null) return null
  if (problem !== null) {
    return (
      <Cover title={problem.title} actions={<Button onClick={() => void queue.topUp()}>Try again</Button>}>
        {problem.detail}
      </Cover>
    )
  }
  if (empty !== null) return <EmptyQueueCover project={project} queue={queue} empty={empty} cycle={cycle} />
  return <Cover quiet title={started ? 'Fetching the next particles…' : 'Fetching your first particles…'} />
}

/** Where something else than further random items is the next step. */
const LEADS_ON: ReadonlySet<string> = new Set([
  'nothing-imported',
  'batch-done-launch',
  'pool-exhausted',
  'paused',
])

function EmptyQueueCover(props: {
  readonly project: Project
  readonly queue: TaskQueue
  readonly empty: EmptyQueue
  readonly cycle: RunningCycle | null
}): ReactElement {
  const { project, queue, empty, cycle } = props
  const home = `/projects/${project.slug}`
  return (
    <Cover
      title={empty.title}
      actions={
        <>
          {empty.code === 'nothing-imported' && (
            <ButtonLink kind="primary" to={`${home}/data`}>
              Import particles
            </ButtonLink>
          )}
          {(empty.code === 'batch-done-launch' || empty.code === 'pool-exhausted') && (
            <ButtonLink kind="primary" to={`${home}/cycles`}>
              To the cycles
            </ButtonLink>
          )}
          {empty.code === 'paused' && project.role !== 'annotator' && (
            <ResumeButton slug={project.slug} onResumed={() => void queue.topUp()} />
          )}
          {empty.may_add_random && (
            <Button
              kind={LEADS_ON.has(empty.code) ? 'secondary' : 'primary'}
              onClick={() => void queue.addRandom()}
            >
              Label further random particles
            </Button>
          )}
          <ButtonLink kind="quiet" to={home}>
            To the project
          </ButtonLink>
        </>
      }
    >
      {empty.detail}
      {cycle !== null && (
        <span className={styles.cycle}>
          {cycle.text}
          <ProgressBar label={cycle.text} value={cycle.fraction} />
        </span>
      )}
    </Cover>
  )
}

/** Takes the focus, so that Enter goes on. */
function GoOnButton({ onClick }: { readonly onClick: () => void }): ReactElement {
  const place = useRef<HTMLSpanElement>(null)
  useEffect(() => place.current?.querySelector('button')?.focus(), [])
  return (
    <span ref={place}>
      <Button kind="primary" onClick={onClick}>
        Label the new picks
      </Button>
    </span>
  )
}

function ResumeButton({ slug, onResumed }: { readonly slug: string; readonly onResumed: () => void }) {
  const pause = usePauseQueue(slug)
  return (
    <Button
      kind="primary"
      disabled={pause.isPending}
      onClick={() =>
        pause.mutate(false, {
          onSuccess: onResumed,
          onError: (error) => showToast(explain(error).detail, 'bad'),
        })
      }
    >
      Resume the queue
    </Button>
  )
}

function Cover(props: {
  readonly title: string
  readonly quiet?: boolean
  readonly wide?: boolean
  readonly actions?: ReactNode
  readonly children?: ReactNode
}): ReactElement {
  return (
    <div className={styles.cover} data-quiet={props.quiet ?? false} role="status">
      <div className={styles.box} data-wide={props.wide ?? false}>
        <p className={styles.title}>{props.title}</p>
        {props.children !== undefined && <div className={styles.detail}>{props.children}</div>}
        {props.actions !== undefined && <div className={styles.actions}>{props.actions}</div>}
      </div>
    </div>
  )
}
