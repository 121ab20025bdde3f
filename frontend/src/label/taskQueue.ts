/**
 * The items a person holds: the one on screen and the next four, with their volumes.
 *
 * Leases are kept alive, topped up as items are decided, given back when a new batch has made them pointless, and given
 * back when the page is left.
 */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { ApiProblem, ConnectionError, explain } from '../api/problem'
import type { Volume } from '../viewer/volume'
import type { EmptyQueue, LabelApi, Lease, QueueState, SubtomogramBrief, Task } from './api'
import { VolumeCache } from './volumeCache'

export interface HeldTask {
  readonly task: Task
  readonly volume: Volume | null
  /** Why the volume cannot be shown. */
  readonly problem: string | null
  /** The reservation ran out; a decision is kept all the same. */
  readonly leaseEnded: boolean
}

export interface TaskQueueState {
  /** On screen. */
  readonly current: HeldTask | null
  readonly ahead: readonly HeldTask[]
  /** Why there is nothing, as the service says it; null while items are there or being fetched. */
  readonly empty: EmptyQueue | null
  readonly counts: QueueState | null
  /** No item, and the last attempt to get one failed. */
  readonly problem: { readonly title: string; readonly detail: string } | null
  /** A first claim has been answered. */
  readonly started: boolean
  /** The cycle whose picks arrived while this page was open. */
  readonly arrivedBatch: number | null
  /** They arrived when there was nothing left: the page shows what was learned, until the person goes on. */
  readonly resting: boolean
}

export interface TaskQueueOptions {
  readonly api: LabelApi
  /** Subtomograms that are decided already, but whose decisions the service may not know yet. */
  readonly decidedHere: () => Promise<ReadonlySet<number>>
  readonly heartbeatMs?: number
  readonly emptyPollMs?: number
  readonly volumePauses?: readonly number[]
}

/** The one on screen and the next four. */
export const HELD = 5
const HEARTBEAT_MS = 60_000
/** The service tells of new items by an event; this is for the event that got lost. */
const EMPTY_POLL_MS = 20_000
const RETRY_MS = 4000

export class TaskQueue {
  readonly store: StoreApi<TaskQueueState>
  private readonly volumes: VolumeCache
  private claiming: Promise<void> | null = null
  private claimAgain = false
  private resume = true
  private newestBatch: number | null = null
  private heartbeatTimer: ReturnType<typeof setInterval> | undefined
  private claimTimer: ReturnType<typeof setTimeout> | undefined
  private stopped = true

  constructor(private readonly options: TaskQueueOptions) {
    this.volumes = new VolumeCache(options.api, options.volumePauses)
    this.store = createStore<TaskQueueState>(() => ({
      current: null,
      ahead: [],
      empty: null,
      counts: null,
      problem: null,
      started: false,
      arrivedBatch: null,
      resting: false,
    }))
  }

  /** Begin, or begin again after `stop`. */
  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.resume = true
    this.heartbeatTimer = setInterval(() => void this.heartbeat(), this.options.heartbeatMs ?? HEARTBEAT_MS)
    window.addEventListener('pagehide', this.onPageHide)
    window.addEventListener('pageshow', this.onPageShow)
    window.addEventListener('online', this.onOnline)
    void this.topUp()
  }

  /** Give everything back that was not decided. */
  stop(): void {
    this.giveBackAll(false)
    this.halt()
    window.removeEventListener('pageshow', this.onPageShow)
  }

  /** The item on screen is decided: show the next one. */
  advance(): void {
    const { current, ahead } = this.store.getState()
    if (current === null) return
    this.store.setState({ current: ahead[0] ?? null, ahead: ahead.slice(1) })
    void this.topUp()
  }

  /** Put an item back on screen, before all others. */
  putBack(task: Task): void {
    const { current, ahead } = this.store.getState()
    const held = this.held().find((other) => isFor(other, task)) ?? fresh(task)
    const others = (list: readonly HeldTask[]): HeldTask[] => list.filter((other) => !isFor(other, task))
    const rest = current === null ? others(ahead) : others([current, ...ahead])
    this.store.setState({ current: held, ahead: rest, empty: null, resting: false })
    void this.load(task)
  }

  /** Show a particle that the person chose; what was on screen comes after it. */
  choose(subtomogram: SubtomogramBrief): void {
    this.putBack({ lease: null, work: 'choice', subtomogram, pick: null })
  }

  /** Leave the chosen particle undecided. */
  leaveChoice(): void {
    const { current, ahead } = this.store.getState()
    if (current?.task.work !== 'choice') return
    void this.release(current.task, false)
    this.store.setState({ current: ahead[0] ?? null, ahead: ahead.slice(1) })
    void this.topUp()
  }

  /** The person has read what was learned: show the first of the new picks. */
  goOn(): void {
    this.store.setState({ resting: false, arrivedBatch: null })
    this.show(this.held())
  }

  /** An item came back under a new lease. */
  renewLease(subtomogramId: number, lease: Lease): void {
    this.update((held) =>
      held.task.subtomogram.id === subtomogramId
        ? { ...held, leaseEnded: false, task: { ...held.task, lease } }
        : held,
    )
  }

  /** Something moved in the queue: a newer batch, or items that came free. */
  onQueueEvent(cycleNumber: number | null): void {
    this.noteBatch(cycleNumber)
    void this.topUp()
  }

  /** The person has read that new picks are here. */
  dismissArrival(): void {
    this.store.setState({ arrivedBatch: null })
  }

  /** Ask for items now; the person has done something that should have brought some. */
  async topUp(): Promise<void> {
    if (this.stopped) return
    if (this.claiming !== null) {
      this.claimAgain = true
      return this.claiming
    }
    clearTimeout(this.claimTimer)
    this.claiming = this.claim().finally(() => {
      this.claiming = null
    })
    await this.claiming
    if (this.claimAgain) {
      this.claimAgain = false
      await this.topUp()
    }
  }

  /** Queue further random items, where the service offers that. */
  async addRandom(): Promise<void> {
    try {
      await this.options.api.addRandom()
    } catch (error) {
      this.store.setState({ problem: explain(error) })
      return
    }
    await this.topUp()
  }

  /** Download the volume on screen once more. */
  retryVolume(): void {
    const { current } = this.store.getState()
    if (current === null) return
    this.update((held) => (isFor(held, current.task) ? { ...held, problem: null } : held))
    void this.load(current.task)
  }

  private held(): HeldTask[] {
    const { current, ahead } = this.store.getState()
    return current === null ? [...ahead] : [current, ...ahead]
  }

  private async claim(): Promise<void> {
    const missing = HELD - this.held().length
    if (missing <= 0) return
    let claim: Awaited<ReturnType<LabelApi['claim']>>
    try {
      claim = await this.options.api.claim(missing, this.resume)
    } catch (error) {
      this.onClaimFailed(error)
      return
    }
    const wasResumed = this.resume
    this.resume = false
    const decided = await this.options.decidedHere()
    if (this.stopped) {
      for (const task of claim.tasks) void this.release(task, false)
      return
    }
    this.adopt(claim.tasks.filter((task) => !decided.has(task.subtomogram.id)))
    this.noteCounts(claim.queue)
    const nothing = this.held().length === 0
    // Items held before and decided since: ask for others before saying that there are none.
    if (wasResumed && claim.tasks.length > 0 && this.held().length < HELD) this.claimAgain = true
    this.store.setState({ started: true, problem: null, empty: nothing ? claim.empty : null })
    if (nothing) this.claimLater(this.options.emptyPollMs ?? EMPTY_POLL_MS)
  }

  private onClaimFailed(error: unknown): void {
    const { title, detail } = explain(error)
    const waits =
      error instanceof ConnectionError ||
      (error instanceof ApiProblem && (error.status === 401 || error.status >= 500))
    this.store.setState({ problem: { title, detail } })
    if (waits) this.claimLater(RETRY_MS)
  }

  private claimLater(milliseconds: number): void {
    clearTimeout(this.claimTimer)
    this.claimTimer = setTimeout(() => void this.topUp(), milliseconds)
  }

  private adopt(tasks: readonly Task[]): void {
    const known = new Set(this.held().map((held) => held.task.subtomogram.id))
    const arrived = tasks.filter((task) => !known.has(task.subtomogram.id))
    this.show([...this.held(), ...arrived.map(fresh)])
    for (const task of arrived) void this.load(task)
  }

  private show(all: readonly HeldTask[]): void {
    if (this.store.getState().resting) this.store.setState({ current: null, ahead: all })
    else this.store.setState({ current: all[0] ?? null, ahead: all.slice(1) })
  }

  /** Newer counts, from a claim. */
  noteCounts(counts: QueueState): void {
    this.store.setState({ counts })
    this.noteBatch(counts.batch_cycle_number)
  }

  /** When a newer batch is there, items chosen before and not looked at yet are given back for it. */
  private noteBatch(cycleNumber: number | null): void {
    if (cycleNumber === null || (this.newestBatch !== null && cycleNumber <= this.newestBatch)) return
    this.newestBatch = cycleNumber
    if (!this.store.getState().started) return
    const { empty, resting } = this.store.getState()
    this.store.setState({ arrivedBatch: cycleNumber, resting: resting || empty !== null })
    this.show(this.held())
    const { ahead } = this.store.getState()
    const isOutdated = ({ task }: HeldTask): boolean =>
      task.work === 'query' && task.pick?.cycle_number !== cycleNumber
    for (const held of ahead.filter(isOutdated)) void this.release(held.task, false)
    this.store.setState({ ahead: ahead.filter((held) => !isOutdated(held)) })
    this.claimAgain = this.claiming !== null
    void this.topUp()
  }

  private async load(task: Task): Promise<void> {
    let patch: Pick<HeldTask, 'volume' | 'problem'>
    try {
      patch = { volume: await this.volumes.get(task.subtomogram), problem: null }
    } catch (error) {
      patch = { volume: null, problem: explain(error).detail }
    }
    this.update((held) => (isFor(held, task) ? { ...held, ...patch } : held))
  }

  private update(change: (held: HeldTask) => HeldTask): void {
    const { current, ahead } = this.store.getState()
    this.store.setState({ current: current === null ? null : change(current), ahead: ahead.map(change) })
  }

  private async heartbeat(): Promise<void> {
    await Promise.all(this.held().map((held) => this.heartbeatOf(held)))
  }

  private async heartbeatOf(held: HeldTask): Promise<void> {
    const leaseId = held.task.lease?.id
    if (leaseId === undefined) return
    try {
      await this.options.api.heartbeat(leaseId)
    } catch (error) {
      const isGone =
        error instanceof ApiProblem && (error.status === 404 || error.status === 409 || error.status === 410)
      if (!isGone) return
      const { ahead } = this.store.getState()
      // What nobody has looked at is dropped; what is on screen stays, and its decision counts or is kept as late.
      this.store.setState({ ahead: ahead.filter((other) => other.task.lease?.id !== leaseId) })
      this.update((other) => (other.task.lease?.id === leaseId ? { ...other, leaseEnded: true } : other))
      void this.topUp()
    }
  }

  private giveBackAll(leaving: boolean): void {
    for (const held of this.held()) void this.release(held.task, leaving)
    this.store.setState({ current: null, ahead: [] })
  }

  /** A lease that is not given back ends by itself. */
  private async release(task: Task, leaving: boolean): Promise<void> {
    if (task.lease !== null) await this.options.api.release(task.lease.id, leaving).catch(() => undefined)
  }

  private halt(): void {
    this.stopped = true
    clearInterval(this.heartbeatTimer)
    clearTimeout(this.claimTimer)
    window.removeEventListener('pagehide', this.onPageHide)
    window.removeEventListener('online', this.onOnline)
  }

  private readonly onPageHide = (): void => {
    this.giveBackAll(true)
    this.halt()
  }

  /** The browser brought the page back from its cache. */
  private readonly onPageShow = (event: PageTransitionEvent): void => {
    if (event.persisted) this.start()
  }

  private readonly onOnline = (): void => {
    for (const held of this.held()) if (held.volume === null) void this.load(held.task)
    void this.topUp()
  }
}

function fresh(task: Task): HeldTask {
  return { task, volume: null, problem: null, leaseEnded: false }
}

function isFor(held: HeldTask, task: Task): boolean {
  return held.task.subtomogram.id === task.subtomogram.id
}
