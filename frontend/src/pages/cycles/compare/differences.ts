/** What two cycles differ in, in numbers. */
import type { Report } from '../../../api/types'

/** `+4.2 points`, `−1.0 points`; a dash where one of both is unknown. */
export function differenceInPoints(
  before: number | null | undefined,
  after: number | null | undefined,
): string {
  if (before == null || after == null) return '–'
  const points = Math.round((after - before) * 1000) / 10
  return `${points > 0 ? '+' : points < 0 ? '−' : ''}${Math.abs(points).toFixed(1)} points`
}

export type Confusion = Report['confusion']

/**
 * How the share of each truth that was called each name changed, for the classes both know; null where nothing of the
 * truth was measured in one of both. Rows and columns are `names`.
 */
export function confusionDifference(
  before: Confusion,
  after: Confusion,
): { names: string[]; rows: (number | null)[][] } {
  const names = after.names.filter((name) => before.names.includes(name))
  const shares = ({ names: all, rows }: Confusion, name: string) => {
    const row = rows[all.indexOf(name)] ?? []
    const total = row.reduce((sum, count) => sum + count, 0)
    return (other: string) => (total === 0 ? null : (row[all.indexOf(other)] ?? 0) / total)
  }
  const rows = names.map((name) => {
    const [was, is] = [shares(before, name), shares(after, name)]
    return names.map((other) => {
      const [one, two] = [was(other), is(other)]
      return one === null || two === null ? null : two - one
    })
  })
  return { names, rows }
}
