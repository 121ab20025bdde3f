/** What the running cycle does, in a line beside the work. */
import type { Cycle } from '../api/types'

export interface RunningCycle {
  readonly number: number
  readonly text: string
  /** 0..1, or null where nobody knows. */
  readonly fraction: number | null
}

const STAGES: Readonly<Record<string, string>> = {
  queued: 'waiting for a worker',
  train: 'training',
  evaluate: 'checking the model',
  score: 'scoring the pool',
  select: 'choosing the next particles',
}

/** The cycle under way among a project's cycles, described; null when none is. */
export function runningCycle(cycles: readonly Cycle[]): RunningCycle | null {
  const cycle = cycles.find(({ stage }) => stage in STAGES)
  if (cycle === undefined) return null
  const { state, progress } = cycle.job
  // A job's state is told by an event before its cycle's row is read anew.
  if (state !== 'queued' && state !== 'running') return null
  const stage = state === 'queued' ? 'queued' : (progress?.stage ?? cycle.stage)
  const { done, total } = progress ?? {}
  const isCounted = state === 'running' && typeof done === 'number' && typeof total === 'number' && total > 0
  const fraction = isCounted ? Math.min(1, done / total) : null
  const percent = fraction === null ? '' : ` ${Math.floor(fraction * 100)} %`
  return {
    number: cycle.number,
    text: `Cycle ${cycle.number}: ${STAGES[stage] ?? stage}…${percent}`,
    fraction,
  }
}
