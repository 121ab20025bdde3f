/**
 * Decisions made in the gallery: on one particle or on many, kept by the outbox until the service has them.
 *
 * Items of the evaluation sample are left out: the service decides them blind, one at a time.
 */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { DecisionKind } from '../outbox/entries'
import type { Outbox } from '../outbox/Outbox'
import type { OutboxEvent } from '../outbox/sending'
import { choiceName, type Choice } from '../label/LabelSession'
import { formatPlural } from '../format/numbers'
import type { GalleryItem, Label } from './types'

/** What the service takes in one request. */
export const MOST_IN_ONE = 1000

export type GalleryChoice = Exclude<Choice, { kind: 'skip' }>

/** One deed of this sitting. */
export interface PastDecision {
  readonly keys: readonly string[]
  readonly choice: GalleryChoice
  readonly before: ReadonlyMap<number, Label | null>
  readonly answer: 'pending' | 'accepted' | 'refused'
  /** Left out by the service: somebody else was looking at them. */
  readonly held: number
  /** Left out here: they measure the model. */
  readonly sampled: number
}

export interface DecisionsState {
  /** Oldest first. */
  readonly history: readonly PastDecision[]
}

const LONGEST_LOOK_MS = 24 * 3600 * 1000

export function labelOf(choice: GalleryChoice): Label {
  return { kind: choice.kind, class_id: choice.kind === 'class' ? choice.particleClass.id : null }
}

/** What may be decided here. */
export function decidable(items: readonly GalleryItem[]): readonly GalleryItem[] {
  return items.filter((item) => !item.in_evaluation_sample)
}

export class GalleryDecisions {
  readonly store: StoreApi<DecisionsState> = createStore<DecisionsState>(() => ({ history: [] }))
  private readonly unsubscribe: () => void
  private lookedSince = performance.now()

  constructor(
    private readonly slug: string,
    private readonly outbox: Outbox,
    /** Shows labels on the tiles. */
    private readonly relabel: (labels: ReadonlyMap<number, Label | null>) => void,
  ) {
    this.unsubscribe = outbox.subscribe((event) => this.onOutboxEvent(event))
  }

  dispose(): void {
    this.unsubscribe()
  }

  /** Decide these; resolves when the outbox keeps it. Does nothing where all of them are of the evaluation sample. */
  async decide(choice: GalleryChoice, items: readonly GalleryItem[]): Promise<void> {
    const kept = decidable(items)
    if (kept.length === 0) return
    const duration = Math.min(Math.round(performance.now() - this.lookedSince), LONGEST_LOOK_MS)
    this.lookedSince = performance.now()
    const parts = Array.from({ length: Math.ceil(kept.length / MOST_IN_ONE) }, (_, part) => ({
      key: crypto.randomUUID(),
      items: kept.slice(part * MOST_IN_ONE, (part + 1) * MOST_IN_ONE),
    }))
    const past: PastDecision = {
      keys: parts.map(({ key }) => key),
      choice,
      before: new Map(kept.map(({ id, label }) => [id, label])),
      answer: 'pending',
      held: 0,
      sampled: items.length - kept.length,
    }
    this.store.setState(({ history }) => ({ history: [...history, past] }))
    this.relabel(new Map(kept.map(({ id }) => [id, labelOf(choice)])))
    const said = {
      kind: choice.kind as Exclude<DecisionKind, 'skip'>,
      class_id: labelOf(choice).class_id,
      decided_at: new Date().toISOString(),
    }
    for (const part of parts) {
      const summary = `${choiceName(choice)} for ${nameOf(part.items)}`
      const first = part.items[0]!
      if (kept.length === 1) {
        const body = {
          ...said,
          subtomogram_id: first.id,
          lease_id: null,
          fencing_token: null,
          confidence: null,
          duration_ms: duration,
          comment: null,
        }
        await this.outbox.addDecision(this.slug, part.key, body, summary)
      } else {
        const share = Math.round((duration * part.items.length) / kept.length)
        const body = { ...said, subtomogram_ids: part.items.map(({ id }) => id), duration_ms: share }
        await this.outbox.addBulk(this.slug, part.key, body, summary)
      }
    }
  }

  /** Take the last deed back: all of it. */
  async undo(): Promise<void> {
    const past = this.store.getState().history.at(-1)
    if (past === undefined) return
    this.store.setState(({ history }) => ({ history: history.filter((other) => other !== past) }))
    this.relabel(past.before)
    for (const key of past.keys) {
      await this.outbox.undo(this.slug, key, `Undo of ${choiceName(past.choice)}`)
    }
  }

  private onOutboxEvent(event: OutboxEvent): void {
    if (event.type === 'acknowledged') this.change(event.key, { answer: 'accepted' })
    else if (event.type === 'bulk-acknowledged') this.onBulk(event.key, event.answer.held_by_others)
    else if (event.type === 'refused') this.onRefused(event.entry.key)
  }

  private onBulk(key: string, held: readonly number[]): void {
    const past = this.find(key)
    if (past === undefined) return
    this.relabel(new Map(held.map((id) => [id, past.before.get(id) ?? null])))
    this.change(key, { answer: 'accepted', held: past.held + held.length })
  }

  private onRefused(key: string): void {
    const past = this.find(key)
    if (past === undefined) return
    this.relabel(past.before)
    this.change(key, { answer: 'refused' })
  }

  private find(key: string): PastDecision | undefined {
    return this.store.getState().history.find(({ keys }) => keys.includes(key))
  }

  private change(key: string, change: Partial<PastDecision>): void {
    this.store.setState(({ history }) => ({
      history: history.map((past) => (past.keys.includes(key) ? { ...past, ...change } : past)),
    }))
  }
}

function nameOf(items: readonly GalleryItem[]): string {
  return items.length === 1 ? items[0]!.name : formatPlural(items.length, 'particle')
}
