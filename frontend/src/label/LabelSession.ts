/** One sitting at the label page: ties the queue, the outbox and the history of decisions together. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Confidence, DecisionBody } from '../outbox/entries'
import type { Outbox } from '../outbox/Outbox'
import type { OutboxEvent } from '../outbox/sending'
import type { ParticleClass, Task } from './api'
import { LookTimer, type Decided } from './sessionStats'
import { TaskQueue } from './taskQueue'

export type Choice =
  | { readonly kind: 'class'; readonly particleClass: Pick<ParticleClass, 'id' | 'name' | 'color'> }
  | { readonly kind: 'unsure' | 'junk' }
  | { readonly kind: 'skip' }

/** What goes along with the next decision. */
export interface Notes {
  readonly confidence: Confidence | null
  readonly comment: string
}

export const NO_NOTES: Notes = { confidence: null, comment: '' }

/** Not said, 1, 2, 3, and not said again. */
export function nextConfidence(confidence: Confidence | null): Confidence | null {
  if (confidence === 3) return null
  return confidence === null ? 1 : confidence === 1 ? 2 : 3
}

/** A decision of this sitting that can be taken back. */
export interface PastDecision extends Decided {
  /** Without its volume: a long sitting would keep them all. */
  readonly task: Task
  readonly choice: Choice
  readonly notes: Notes
  readonly answer: 'pending' | 'accepted' | 'late' | 'refused'
}

export interface LabelSessionState {
  /** Oldest first. */
  readonly history: readonly PastDecision[]
  /** The subtomogram whose volume is really on screen: only that one can be decided. */
  readonly shownId: number | null
  /** The item on screen was taken back; says so until the next decision. */
  readonly takenBack: boolean
  readonly notes: Notes
}

const LONGEST_LOOK_MS = 24 * 3600 * 1000

export const CHOICE_NAMES = { unsure: 'Unsure', junk: 'Junk', skip: 'Skipped' } as const

export function choiceName(choice: Choice): string {
  return choice.kind === 'class' ? choice.particleClass.name : CHOICE_NAMES[choice.kind]
}

export class LabelSession {
  readonly store: StoreApi<LabelSessionState>
  private readonly timer: LookTimer
  /** Subtomograms of which the person has seen in this sitting what the model says. */
  private readonly suggestionSeen = new Set<number>()
  private readonly unsubscribe: () => void

  constructor(
    private readonly projectSlug: string,
    readonly queue: TaskQueue,
    readonly outbox: Outbox,
    now?: () => number,
  ) {
    this.timer = new LookTimer(now)
    this.store = createStore<LabelSessionState>(() => ({
      history: [],
      shownId: null,
      takenBack: false,
      notes: NO_NOTES,
    }))
    this.unsubscribe = outbox.subscribe((event) => this.onOutboxEvent(event))
    document.addEventListener('visibilitychange', this.onVisibility)
  }

  dispose(): void {
    this.unsubscribe()
    document.removeEventListener('visibilitychange', this.onVisibility)
  }

  /** The viewer has drawn this volume. */
  onPainted(volumeId: string): void {
    const { current } = this.queue.store.getState()
    if (current?.volume?.id !== volumeId) return
    this.store.setState({ shownId: current.task.subtomogram.id })
    this.timer.restart()
  }

  /** True when the item on screen can be decided: nobody should label what they have not seen. */
  canDecide(): boolean {
    const { current } = this.queue.store.getState()
    return current !== null && this.store.getState().shownId === current.task.subtomogram.id
  }

  /** Change what goes along with the decision of the item on screen. */
  note(change: Partial<Notes>): void {
    this.store.setState(({ notes }) => ({ notes: { ...notes, ...change } }))
  }

  /** What the model says of this subtomogram is on screen. */
  onSuggestion(subtomogramId: number): void {
    this.suggestionSeen.add(subtomogramId)
  }

  /** Decide the item on screen and go on to the next. Does nothing before its volume is drawn. */
  decide(choice: Choice): Promise<void> {
    const { current, arrivedBatch } = this.queue.store.getState()
    if (current === null || !this.canDecide()) return Promise.resolve()
    if (arrivedBatch !== null && current.task.pick?.cycle_number === arrivedBatch) this.queue.dismissArrival()
    const { task } = current
    if (task.work === 'choice' && choice.kind === 'skip') {
      this.queue.leaveChoice()
      return Promise.resolve()
    }
    const { notes } = this.store.getState()
    const body: DecisionBody = {
      subtomogram_id: task.subtomogram.id,
      lease_id: task.lease?.id ?? null,
      fencing_token: task.lease?.fencing_token ?? null,
      kind: choice.kind,
      class_id: choice.kind === 'class' ? choice.particleClass.id : null,
      // Who leaves an item to others says nothing to be sure of.
      confidence: choice.kind === 'skip' ? null : notes.confidence,
      suggestion_shown: this.suggestionSeen.has(task.subtomogram.id),
      duration_ms: Math.min(Math.round(this.timer.elapsedMs()), LONGEST_LOOK_MS),
      comment: notes.comment.trim() || null,
      decided_at: new Date().toISOString(),
    }
    const key = crypto.randomUUID()
    const past: PastDecision = {
      key,
      durationMs: body.duration_ms,
      task,
      choice,
      notes,
      answer: 'pending',
    }
    this.store.setState((state) => ({
      history: [...state.history, past],
      shownId: null,
      takenBack: false,
      notes: NO_NOTES,
    }))
    const kept = this.outbox.addDecision(
      this.projectSlug,
      key,
      body,
      `${choiceName(choice)} for ${task.subtomogram.name}`,
    )
    this.queue.advance()
    return kept
  }

  /** Take the last decision back and show its item again. Resolves false when there is nothing to take back. */
  async undo(): Promise<boolean> {
    const last = this.store.getState().history.at(-1)
    if (last === undefined) return false
    await this.takeBack(last.key)
    return true
  }

  /** Take any decision of this sitting back and show its item again, with what was noted. */
  async takeBack(key: string): Promise<void> {
    const { history } = this.store.getState()
    const past = history.find((other) => other.key === key)
    if (past === undefined) return
    this.store.setState({
      history: history.filter((other) => other !== past),
      shownId: null,
      takenBack: true,
      notes: past.notes,
    })
    this.queue.putBack(past.task)
    await this.outbox.undo(
      this.projectSlug,
      key,
      `Undo of ${choiceName(past.choice)} for ${past.task.subtomogram.name}`,
    )
  }

  private readonly onVisibility = (): void => this.timer.onVisibility()

  private onOutboxEvent(event: OutboxEvent): void {
    if (event.type === 'acknowledged') {
      this.mark(event.key, event.answer.status)
      // The lease is closed at the service now, so it may give the next item. Its answer brings the newer counts.
      void this.queue.topUp()
    } else if (event.type === 'refused') {
      this.mark(event.entry.key, 'refused')
    } else if (event.type === 'undone' && event.answer.task !== null) {
      this.queue.renewLease(event.answer.task.subtomogram.id, event.answer.task.lease)
    }
  }

  private mark(key: string, answer: PastDecision['answer']): void {
    this.store.setState(({ history }) => ({
      history: history.map((past) => (past.key === key ? { ...past, answer } : past)),
    }))
  }
}
