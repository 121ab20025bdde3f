/** What a cycle learned from the labels before it, beside the cycle that came before. */
import type { ClassMetrics, Cycle, Report } from '../api/types'

export interface ClassGain {
  readonly name: string
  /** Evaluation particles that people gave this class. */
  readonly n: number
  /** Shares of them that the model finds, in 0..1; null where there was nothing to find. */
  readonly before: number | null
  readonly after: number | null
}

export interface BatchLearned {
  readonly cycle: Cycle
  /** The last cycle before it that was measured. */
  readonly before: Cycle | null
  /** Training labels that are new since that cycle. */
  readonly newLabels: number | null
  /** Classes with the largest change first. */
  readonly classes: readonly ClassGain[]
}

export const reportOf = (cycle: Cycle | null): Report | null => cycle?.metrics?.report ?? null

/** Of the cycle with this number; null while it is not there or not ready. */
export function batchLearned(cycles: readonly Cycle[], number: number): BatchLearned | null {
  const cycle = cycles.find((each) => each.number === number && each.stage === 'ready')
  if (cycle === undefined) return null
  const earlier = cycles.filter((each) => each.number < number && reportOf(each) !== null)
  const before = earlier.sort((a, b) => b.number - a.number)[0] ?? null
  const labels = cycle.training_label_count
  const labelsBefore = before?.training_label_count ?? null
  return {
    cycle,
    before,
    newLabels: labels === null ? null : labels - (labelsBefore ?? 0),
    classes: classGains(reportOf(before), reportOf(cycle)),
  }
}

function classGains(before: Report | null, after: Report | null): ClassGain[] {
  const was = new Map(before?.per_class.map((each) => [each.name, each]))
  return (after?.per_class ?? [])
    .filter(({ n }) => n > 0)
    .map(({ name, n, recall }) => ({ name, n, before: found(was.get(name)), after: recall }))
    .sort((a, b) => change(b) - change(a))
}

const found = (figures: ClassMetrics | undefined): number | null =>
  figures === undefined || figures.n === 0 ? null : figures.recall

const change = ({ before, after }: ClassGain): number => Math.abs((after ?? 0) - (before ?? after ?? 0))
