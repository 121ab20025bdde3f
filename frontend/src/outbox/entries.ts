/** What waits in this browser until the service has acknowledged it. */

export type DecisionKind = 'class' | 'unsure' | 'junk' | 'skip'

/** 1 not very sure, 2 fairly, 3 certain. */
export type Confidence = 1 | 2 | 3

/** The body of `POST …/decisions`. */
export interface DecisionBody {
  readonly subtomogram_id: number
  readonly lease_id: number | null
  readonly fencing_token: number | null
  readonly kind: DecisionKind
  readonly class_id: string | null
  /** How sure they were: 1 not very, 2 fairly, 3 certain. Entries of earlier versions have none. */
  readonly confidence?: Confidence | null
  /** What the model says of it had been shown. Entries of earlier versions do not say. */
  readonly suggestion_shown?: boolean
  readonly duration_ms: number
  readonly comment: string | null
  /** ISO 8601, by this computer's clock. */
  readonly decided_at: string
}

/** The body of `POST …/decisions/bulk`: one decision on up to a thousand particles. */
export interface BulkBody {
  readonly subtomogram_ids: readonly number[]
  readonly kind: Exclude<DecisionKind, 'skip'>
  readonly class_id: string | null
  /** How long they looked at all of them together. */
  readonly duration_ms: number
  readonly decided_at: string
}

/** Why the service refused an entry. It stays here until a person sends it again or discards it. */
export interface Refusal {
  readonly status: number
  readonly title: string
  readonly detail: string
}

interface EntryBase {
  /** The idempotency key: however often the entry is sent, it counts once. */
  readonly key: string
  /** Who made it. It is never sent under another person's sign-in. */
  readonly userId: string
  readonly projectSlug: string
  /** Entries go out in ascending order. */
  readonly sequence: number
  /** How often it was sent; above 0 the service may have it already. */
  readonly attempts: number
  readonly refusal: Refusal | null
  /** For people: "proteasome for particle 17". */
  readonly summary: string
}

export interface DecisionEntry extends EntryBase {
  readonly type: 'decision'
  readonly body: DecisionBody
}

export interface BulkEntry extends EntryBase {
  readonly type: 'bulk'
  readonly body: BulkBody
}

export interface UndoEntry extends EntryBase {
  readonly type: 'undo'
  /** The decision it takes back. */
  readonly decisionKey: string
  /** The service's number of that decision; null until the decision is acknowledged. */
  readonly eventId: number | null
  /** The same for a bulk decision: the service's name of it. Entries of earlier versions have none. */
  readonly bulkId?: string | null
}

export type OutboxEntry = DecisionEntry | BulkEntry | UndoEntry

/** What the service calls a decision that it has: the number of one, the name of a bulk one. */
export type ServiceName = { readonly eventId: number } | { readonly bulkId: string }

/** What an undo is about, where that is known already. */
export function nameInUndo({ eventId, bulkId }: UndoEntry): ServiceName | null {
  if (eventId !== null) return { eventId }
  return bulkId == null ? null : { bulkId }
}

let lastSequence = 0

/** Ascending over reloads as long as the clock is; ascending within a page always. */
export function nextSequence(now: number = Date.now()): number {
  lastSequence = Math.max(lastSequence + 1, now * 1000)
  return lastSequence
}
