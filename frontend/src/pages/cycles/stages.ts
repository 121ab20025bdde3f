import type { Cycle, CycleStage } from '../../api/types'
import type { Tone } from '../../design/Badge'
import type { StepState } from '../../design/Stepper'

/** The stages a cycle passes, in order. */
export const WORK_STAGES = ['train', 'evaluate', 'score', 'select'] as const

const TITLES: Record<(typeof WORK_STAGES)[number] | 'ready', string> = {
  train: 'Train',
  evaluate: 'Evaluate',
  score: 'Score',
  select: 'Select',
  ready: 'Ready',
}

const STATES: Record<CycleStage, { title: string; tone: Tone }> = {
  queued: { title: 'Waiting', tone: 'neutral' },
  train: { title: 'Training', tone: 'active' },
  evaluate: { title: 'Evaluating', tone: 'active' },
  score: { title: 'Scoring', tone: 'active' },
  select: { title: 'Selecting', tone: 'active' },
  ready: { title: 'Ready', tone: 'good' },
  failed: { title: 'Failed', tone: 'bad' },
  cancelled: { title: 'Cancelled', tone: 'neutral' },
}

/** The state of a cycle in one word, and how it looks. */
export function stateOf(cycle: Cycle): { title: string; tone: Tone } {
  if (isStarting(cycle)) return { title: 'Starting', tone: 'active' }
  return STATES[cycle.stage]
}

/** A worker has taken the cycle, and its first stage has yet to begin: loading the network's program takes seconds. */
function isStarting(cycle: Cycle): boolean {
  return cycle.stage === 'queued' && cycle.job.state === 'running'
}

/** Why it was started, in the service's words: `Launched by Ada`, `Started after 104 new labels`. */
export function startedBy(cycle: Cycle): string | null {
  const reason = cycle.trigger['reason']
  return typeof reason === 'string' ? reason : null
}

/** Whether the cycle has yet to end. */
export function isActive(cycle: Cycle): boolean {
  return !['ready', 'failed', 'cancelled'].includes(cycle.stage)
}

/** Where the cycle is, stage by stage. One that ended early is marked at the stage it had reached. */
export function stepsOf(cycle: Cycle): { title: string; state: StepState }[] {
  const stopped = cycle.stage === 'failed' || cycle.stage === 'cancelled'
  const reached = stopped ? (cycle.job.progress?.stage ?? 'train') : cycle.stage
  const order: string[] = [...WORK_STAGES, 'ready']
  const position = order.indexOf(reached)
  return order.map((stage, index) => {
    const state: StepState =
      cycle.stage === 'ready' || index < position
        ? 'done'
        : index > position
          ? 'ahead'
          : stopped
            ? cycle.stage === 'failed'
              ? 'failed'
              : 'cancelled'
            : 'current'
    return { title: TITLES[stage as keyof typeof TITLES], state }
  })
}

/** What is being done right now, for someone who does not know the stages. */
export function describeWork(cycle: Cycle): string {
  switch (cycle.stage) {
    case 'queued':
      return isStarting(cycle)
        ? 'A worker has taken it and is getting ready.'
        : 'Waiting for a worker to take it.'
    case 'train':
      return cycle.training_label_count === null
        ? 'A network learns from your labels.'
        : `A network learns from your ${cycle.training_label_count} labels.`
    case 'evaluate':
      return 'The network is checked on labels it has never seen.'
    case 'score':
      return 'The network looks at every particle of the pool.'
    case 'select':
      return 'The next particles to label are being chosen.'
    case 'ready':
      return 'Its picks are in the labeling queue.'
    case 'cancelled':
      return 'It was cancelled. Labels and queue are as they were.'
    case 'failed':
      return 'It ended with an error. Labels and queue are as they were.'
  }
}
