/** Expected purity at a threshold, out of the lists the service sends. */
import type { ClassPurity, Purity } from '../../../api/types'

export interface PurityPoint {
  threshold: number
  /** Unlabeled particles the model calls so, at least this sure. */
  count: number
  /** Evaluation particles the share rests on. */
  n: number
  share: number | null
  low: number | null
  high: number | null
}

/** The place of the last threshold that is not above `confidence`. */
export function placeOf(thresholds: readonly number[], confidence: number): number {
  return Math.max(
    0,
    thresholds.findLastIndex((threshold) => threshold <= confidence + 1e-9),
  )
}

export function pointsOf(purity: Purity, row: ClassPurity): PurityPoint[] {
  return purity.thresholds.map((threshold, at) => ({
    threshold,
    count: row.count[at] ?? 0,
    n: row.n[at] ?? 0,
    share: row.share[at] ?? null,
    low: row.low[at] ?? null,
    high: row.high[at] ?? null,
  }))
}

/** A path through the points that have a share; where one lacks, the line is broken. */
export function linePath(
  points: readonly PurityPoint[],
  x: (share: number) => number,
  y: (share: number) => number,
): string {
  let pen = 'M'
  const parts: string[] = []
  for (const { threshold, share } of points) {
    if (share === null) {
      pen = 'M'
      continue
    }
    parts.push(`${pen}${x(threshold).toFixed(1)} ${y(share).toFixed(1)}`)
    pen = 'L'
  }
  return parts.join('')
}

/** The area between the ends of the intervals, of the points that have one. */
export function bandPath(
  points: readonly PurityPoint[],
  x: (share: number) => number,
  y: (share: number) => number,
): string {
  const known = points.filter(({ low, high }) => low !== null && high !== null)
  if (known.length === 0) return ''
  const at = (point: PurityPoint, share: number | null) =>
    `${x(point.threshold).toFixed(1)} ${y(share ?? 0).toFixed(1)}`
  const upper = known.map((point) => at(point, point.high))
  const lower = known.map((point) => at(point, point.low)).reverse()
  return `M${[...upper, ...lower].join('L')}Z`
}
