/** What this sitting has brought: how many decisions, and how fast. */

export interface Decided {
  readonly key: string
  readonly durationMs: number
}

export interface SessionStats {
  readonly decisions: number
  /** Median of the looks so far, in seconds; null before the third. */
  readonly medianSeconds: number | null
}

export function sessionStats(decided: readonly Decided[]): SessionStats {
  const durations = decided.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
  const middle = Math.floor(durations.length / 2)
  const upper = durations[middle] ?? 0
  const median = durations.length % 2 === 1 ? upper : ((durations[middle - 1] ?? 0) + upper) / 2
  return { decisions: decided.length, medianSeconds: durations.length < 3 ? null : median / 1000 }
}

/** Measures how long an item was looked at; time in which the page was hidden does not count. */
export class LookTimer {
  private total = 0
  private since: number | null = null

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** An item has appeared. */
  restart(): void {
    this.total = 0
    this.since = document.visibilityState === 'visible' ? this.now() : null
  }

  /** The page was hidden or shown. */
  onVisibility(): void {
    this.total = this.elapsedMs()
    this.since = document.visibilityState === 'visible' ? this.now() : null
  }

  elapsedMs(): number {
    return this.total + (this.since === null ? 0 : this.now() - this.since)
  }
}
