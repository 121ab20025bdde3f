/** How the outbox reaches the service. */
import type { BulkBody, DecisionBody } from './entries'

/** The service took the decision, now or at an earlier try. */
export interface DecisionAnswer {
  readonly event_id: number
  /** `late`: the lease had ended; the decision is kept as an extra opinion. */
  readonly status: 'accepted' | 'late'
}

export interface BulkAnswer {
  readonly bulk_id: string
  readonly decided: number
  /** Left out: somebody else is looking at them just now. */
  readonly held_by_others: readonly number[]
}

export interface BulkUndoAnswer {
  readonly undone: number
}

/** The lease under which an undone item is back with this person, where the service gave one. */
export interface RenewedLease {
  readonly id: number
  readonly fencing_token: number
}

export interface UndoAnswer {
  readonly event_id: number
  readonly task: { readonly subtomogram: { readonly id: number }; readonly lease: RenewedLease } | null
}

/**
 * Each call resolves with the service's answer, or throws `TransportError`.
 * Whether to try again is decided by `TransportError.again`.
 */
export interface OutboxTransport {
  /** Who is signed in; null when nobody is. */
  currentUserId(): Promise<string | null>
  sendDecision(projectSlug: string, key: string, body: DecisionBody): Promise<DecisionAnswer>
  sendUndo(projectSlug: string, key: string, eventId: number): Promise<UndoAnswer>
  sendBulk(projectSlug: string, key: string, body: BulkBody): Promise<BulkAnswer>
  sendBulkUndo(projectSlug: string, key: string, bulkId: string): Promise<BulkUndoAnswer>
}

export type Again =
  /** No answer, or one that says "later". */
  | 'later'
  /** The session has ended: after signing in. */
  | 'after-sign-in'
  /** Sending it again would fail again. */
  | 'never'

export class TransportError extends Error {
  override readonly name = 'TransportError'

  constructor(
    readonly again: Again,
    /** 0 where no answer came. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(`${title}: ${detail}`)
  }
}

/**
 * Which answers are worth another try. 401 waits for a sign-in, and so does 412: somebody else is signed in than the
 * person who made the entry. 408, 425, 429 and all 5xx pass by themselves.
 */
export function againAfter(status: number): Again {
  if (status === 401 || status === 412) return 'after-sign-in'
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500) return 'later'
  return 'never'
}
