const WINDOW_MS = 10_000

/** How fast something goes, over the last ten seconds. */
export class RateMeter {
  private samples: { at: number; amount: number }[] = []

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** `amount` more is done; 0 marks the beginning. */
  add(amount: number): void {
    this.samples.push({ at: this.now(), amount })
    const oldest = this.now() - WINDOW_MS
    while (this.samples.length > 2 && this.samples[1]!.at < oldest) this.samples.shift()
  }

  /** Forget what was: after a pause the time spent waiting says nothing. */
  restart(): void {
    this.samples = []
  }

  /** Null until there are two samples apart in time. */
  perSecond(): number | null {
    const [first, ...later] = this.samples
    const last = later.at(-1)
    if (first === undefined || last === undefined || last.at <= first.at) return null
    return (later.reduce((sum, { amount }) => sum + amount, 0) / (last.at - first.at)) * 1000
  }
}
