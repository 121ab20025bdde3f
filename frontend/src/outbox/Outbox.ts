/**
 * Every decision goes here first and stays until the service has acknowledged it.
 *
 * Entries are sent one after the other in the order they were made, by one tab at a time, and only while the person
 * who made them is signed in. What the service refuses is kept and shown. An undo waits for the decision it takes back.
 */
import { createStore, type StoreApi } from 'zustand/vanilla'
import {
  nameInUndo,
  nextSequence,
  type BulkBody,
  type DecisionBody,
  type OutboxEntry,
  type Refusal,
  type ServiceName,
  type UndoEntry,
} from './entries'
import { sendEntry, type OutboxEvent } from './sending'
import { MemoryStorage, type OutboxStorage } from './storage'
import { TransportError, type OutboxTransport } from './transport'

/** `signed-out`: nobody is signed in. `other-user`: someone else is, so nothing is sent. */
export type OutboxPhase = 'saved' | 'saving' | 'waiting' | 'signed-out' | 'other-user'

export interface OutboxState {
  readonly phase: OutboxPhase
  /** Entries not acknowledged yet, without the refused ones. */
  readonly waiting: number
  readonly refused: readonly OutboxEntry[]
  /** False where a reload would lose what waits. */
  readonly durable: boolean
}

export interface OutboxOptions {
  readonly userId: string
  readonly storage: OutboxStorage
  readonly transport: OutboxTransport
  /** Milliseconds to wait before try number `attempt` (1, 2, …) of an entry. */
  readonly backoff?: (attempt: number) => number
}

/** How the undo of a decision goes on: taken back before it was sent, or sent under its own key. */
export type UndoOutcome =
  { readonly type: 'withdrawn' } | { readonly type: 'queued'; readonly undoKey: string }

const SIGN_IN_POLL_MS = 10_000
/** How long an answer to "who is signed in?" is believed. */
const IDENTITY_TRUST_MS = 10_000
/** After this many answers of "server error" the entries behind one go first. */
const STUCK_AFTER_ATTEMPTS = 5

type Outcome = 'go-on' | 'pause' | 'step-over'

/** Refused entries wait for a person; an undo waits for the number of the decision it takes back. */
function isReady(entry: OutboxEntry, all: readonly OutboxEntry[]): boolean {
  if (entry.refusal !== null) return false
  if (entry.type !== 'undo' || nameInUndo(entry) !== null) return true
  return !all.some((other) => other.key === entry.decisionKey)
}

/** 1, 2, 4 … 60 seconds, spread by a quarter so that a lab's browsers do not return all at once. */
export function exponentialBackoff(attempt: number): number {
  return Math.min(60_000, 1000 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2)
}

export class Outbox {
  readonly userId: string
  readonly store: StoreApi<OutboxState>
  private storage: OutboxStorage
  private readonly transport: OutboxTransport
  private readonly backoff: (attempt: number) => number
  private readonly listeners = new Set<(event: OutboxEvent) => void>()
  /** Acknowledged decisions of this page, so that they can be undone. */
  private readonly names = new Map<string, ServiceName>()
  private running: Promise<void> | null = null
  private runAgain = false
  private timer: ReturnType<typeof setTimeout> | undefined
  private identityCheckedAt = Number.NEGATIVE_INFINITY
  private disposed = false
  private readonly abort = new AbortController()
  /** Another tab of the same person may send what this one made. */
  private readonly channel: BroadcastChannel | null

  constructor(options: OutboxOptions) {
    this.userId = options.userId
    this.storage = options.storage
    this.transport = options.transport
    this.backoff = options.backoff ?? exponentialBackoff
    this.channel =
      typeof BroadcastChannel === 'undefined'
        ? null
        : new BroadcastChannel(`tomosift-outbox-${options.userId}`)
    this.channel?.addEventListener('message', (message: MessageEvent<OutboxEvent>) => {
      this.hear(message.data)
      void this.refreshCounts()
    })
    this.store = createStore<OutboxState>(() => ({
      phase: 'saved',
      waiting: 0,
      refused: [],
      durable: options.storage.durable,
    }))
  }

  /** Send what an earlier visit left, and go on whenever the network or the sign-in is back. */
  start(): void {
    const { signal } = this.abort
    const wake = (): void => {
      this.identityCheckedAt = Number.NEGATIVE_INFINITY
      void this.flush()
    }
    window.addEventListener('online', wake, { signal })
    window.addEventListener('focus', wake, { signal })
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake(), {
      signal,
    })
    window.addEventListener('beforeunload', (event) => this.warnBeforeLoss(event), { signal })
    wake()
  }

  dispose(): void {
    this.disposed = true
    clearTimeout(this.timer)
    this.abort.abort()
    this.channel?.close()
    this.listeners.clear()
  }

  subscribe(listener: (event: OutboxEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /**
   * Keep a decision and send it. Resolves when it is kept, not when it is acknowledged.
   * `key` is the caller's fresh random name for it.
   */
  async addDecision(projectSlug: string, key: string, body: DecisionBody, summary: string): Promise<void> {
    await this.keep({ ...this.newEntry(projectSlug, summary, key), type: 'decision', body })
    void this.flush()
  }

  /** The same for one decision on many particles. */
  async addBulk(projectSlug: string, key: string, body: BulkBody, summary: string): Promise<void> {
    await this.keep({ ...this.newEntry(projectSlug, summary, key), type: 'bulk', body })
    void this.flush()
  }

  /** Take a decision back: forget it if it was never sent, else send its undo. */
  async undo(projectSlug: string, decisionKey: string, summary: string): Promise<UndoOutcome> {
    const canWithdraw = (entry: OutboxEntry): boolean => entry.attempts === 0 || entry.refusal !== null
    const entry = await this.storage.change(decisionKey, (kept) => (canWithdraw(kept) ? null : kept))
    if (entry !== null && canWithdraw(entry)) {
      await this.refreshCounts()
      return { type: 'withdrawn' }
    }
    const undo: UndoEntry = {
      ...this.newEntry(projectSlug, summary),
      type: 'undo',
      decisionKey,
      eventId: null,
      ...this.names.get(decisionKey),
    }
    await this.keep(undo)
    void this.flush()
    return { type: 'queued', undoKey: undo.key }
  }

  /** Send a refused entry once more, under its old key. */
  async retry(key: string): Promise<void> {
    await this.storage.change(key, (entry) => ({ ...entry, refusal: null }))
    await this.refreshCounts()
    void this.flush()
  }

  /** Drop a refused entry for good: a person has read why it was refused. */
  async discard(key: string): Promise<void> {
    await this.forget(key)
  }

  /** Subtomograms of a project whose decisions wait here: the service may still hand them out. */
  async waitingSubtomograms(projectSlug: string): Promise<ReadonlySet<number>> {
    const ids = new Set<number>()
    for (const entry of await this.entries()) {
      if (entry.projectSlug !== projectSlug || entry.type === 'undo') continue
      const about = entry.type === 'bulk' ? entry.body.subtomogram_ids : [entry.body.subtomogram_id]
      for (const id of about) ids.add(id)
    }
    return ids
  }

  /** Send everything that waits; resolves when nothing more can be sent for now. */
  async flush(): Promise<void> {
    if (this.disposed) return
    if (this.running !== null) {
      this.runAgain = true
      return this.running
    }
    clearTimeout(this.timer)
    this.running = this.withLock(() => this.sendAll())
    try {
      await this.running
    } catch {
      // The browser's storage failed; what it holds is sent at a later try.
      this.postpone('waiting', this.backoff(3))
    } finally {
      this.running = null
    }
    if (this.runAgain) {
      this.runAgain = false
      await this.flush()
    }
  }

  private newEntry(projectSlug: string, summary: string, key: string = crypto.randomUUID()) {
    return {
      key,
      userId: this.userId,
      projectSlug,
      summary,
      sequence: nextSequence(),
      attempts: 0,
      refusal: null,
    }
  }

  private entries(): Promise<OutboxEntry[]> {
    return this.storage.list(this.userId)
  }

  private async keep(entry: OutboxEntry): Promise<void> {
    this.store.setState((state) => ({
      phase: state.phase === 'saved' ? 'saving' : state.phase,
      waiting: state.waiting + 1,
    }))
    try {
      await this.storage.put(entry)
    } catch {
      // The disk is full or the database was closed: go on in memory and say that it is not safe.
      const rescued = new MemoryStorage()
      for (const old of await this.entries().catch(() => [])) await rescued.put(old)
      await rescued.put(entry)
      this.storage = rescued
      this.store.setState({ durable: false })
    }
    await this.refreshCounts()
  }

  /** One tab of a user sends at a time. Where the browser has no locks, idempotency keys make doubles harmless. */
  private async withLock(send: () => Promise<void>): Promise<void> {
    if (!('locks' in navigator)) return send()
    await navigator.locks.request(`tomosift-outbox-${this.userId}`, send)
  }

  private async sendAll(): Promise<void> {
    // Entries the service fails on again and again: the others need not wait for them.
    const stuck = new Map<string, OutboxEntry>()
    for (;;) {
      if (this.disposed) return
      const entries = await this.entries()
      const entry = entries.find((candidate) => !stuck.has(candidate.key) && isReady(candidate, entries))
      await this.refreshCounts()
      if (entry === undefined) {
        const attempts = [...stuck.values()].map((held) => held.attempts)
        if (attempts.length === 0) this.store.setState({ phase: 'saved' })
        else this.postpone('waiting', this.backoff(Math.min(...attempts)))
        return
      }
      if (!(await this.mayRepresentUser())) return
      this.store.setState((state) => ({ phase: state.phase === 'waiting' ? 'waiting' : 'saving' }))
      const outcome = await this.send(entry)
      if (outcome === 'pause') return
      if (outcome === 'step-over') stuck.set(entry.key, { ...entry, attempts: entry.attempts + 1 })
    }
  }

  /** True when the person who made the entries is the one signed in now. */
  private async mayRepresentUser(): Promise<boolean> {
    if (performance.now() - this.identityCheckedAt < IDENTITY_TRUST_MS) return true
    let current: string | null
    try {
      current = await this.transport.currentUserId()
    } catch {
      this.postpone('waiting', this.backoff(1))
      return false
    }
    if (current === this.userId) {
      this.identityCheckedAt = performance.now()
      return true
    }
    this.postpone(current === null ? 'signed-out' : 'other-user', SIGN_IN_POLL_MS)
    return false
  }

  /** Send one entry, and say how sending goes on. */
  private async send(entry: OutboxEntry): Promise<Outcome> {
    // Noted before it leaves: from here on the service may have it, whatever happens to this page.
    const before = await this.storage.change(entry.key, (kept) => ({ ...kept, attempts: kept.attempts + 1 }))
    if (before === null) return 'go-on' // Taken back meanwhile.
    try {
      await this.deliver(before)
      return 'go-on'
    } catch (error) {
      return await this.afterFailure({ ...before, attempts: before.attempts + 1 }, error)
    }
  }

  private async deliver(entry: OutboxEntry): Promise<void> {
    const { event, name } = await sendEntry(this.transport, entry, (key) => this.names.get(key))
    if (name !== null) {
      this.names.set(entry.key, name)
      // First the undos that need this name, then forget the decision: a reload in between loses neither.
      for (const other of await this.entries()) {
        if (other.type === 'undo' && other.decisionKey === entry.key) {
          await this.storage.change(other.key, (undo) => ({ ...undo, ...name }))
        }
      }
    }
    await this.forget(entry.key)
    this.emit(event)
  }

  private async forget(key: string): Promise<void> {
    await this.storage.change(key, () => null)
    await this.refreshCounts()
  }

  private async afterFailure(entry: OutboxEntry, error: unknown): Promise<Outcome> {
    const failure =
      error instanceof TransportError
        ? error
        : new TransportError('later', 0, 'No answer', error instanceof Error ? error.message : String(error))
    if (failure.again === 'never') {
      await this.refuse(entry, failure)
      return 'go-on'
    }
    if (failure.again === 'after-sign-in') {
      this.identityCheckedAt = Number.NEGATIVE_INFINITY
      this.postpone('signed-out', SIGN_IN_POLL_MS)
      return 'pause'
    }
    if (failure.status >= 500 && entry.attempts >= STUCK_AFTER_ATTEMPTS) return 'step-over'
    const wait =
      failure.retryAfterSeconds === null ? this.backoff(entry.attempts) : failure.retryAfterSeconds * 1000
    this.identityCheckedAt = Number.NEGATIVE_INFINITY // Who knows who signs in while we wait.
    this.postpone('waiting', wait)
    return 'pause'
  }

  /** Keep what the service will not take. A decision that was taken back meanwhile goes, together with its undo. */
  private async refuse(entry: OutboxEntry, failure: TransportError): Promise<void> {
    const undo = (await this.entries()).find(
      (other) => other.type === 'undo' && other.decisionKey === entry.key,
    )
    if (undo !== undefined) {
      await this.storage.change(entry.key, () => null)
      await this.storage.change(undo.key, () => null)
      await this.refreshCounts()
      return
    }
    const refusal: Refusal = { status: failure.status, title: failure.title, detail: failure.detail }
    const refused = { ...entry, refusal }
    await this.storage.change(entry.key, () => refused)
    await this.refreshCounts()
    this.emit({ type: 'refused', entry: refused, refusal })
  }

  private postpone(phase: OutboxPhase, milliseconds: number): void {
    this.store.setState({ phase })
    clearTimeout(this.timer)
    if (!this.disposed) this.timer = setTimeout(() => void this.flush(), milliseconds)
  }

  private async refreshCounts(): Promise<void> {
    const entries = await this.entries()
    const refused = entries.filter((entry) => entry.refusal !== null)
    this.store.setState({ waiting: entries.length - refused.length, refused })
  }

  private warnBeforeLoss(event: BeforeUnloadEvent): void {
    const { durable, waiting } = this.store.getState()
    if (!durable && waiting > 0) event.preventDefault()
  }

  private emit(event: OutboxEvent): void {
    this.hear(event)
    this.channel?.postMessage(event)
  }

  private hear(event: OutboxEvent): void {
    if (event.type === 'acknowledged') this.names.set(event.key, { eventId: event.answer.event_id })
    else if (event.type === 'bulk-acknowledged') this.names.set(event.key, { bulkId: event.answer.bulk_id })
    for (const listener of this.listeners) listener(event)
  }
}
