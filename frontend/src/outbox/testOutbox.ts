/** A stand-in for the service and outboxes that send to it, anew for each test. */
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import type { BulkBody, DecisionBody } from './entries'
import { Outbox } from './Outbox'
import { openStorage, type OutboxStorage } from './storage'
import {
  againAfter,
  TransportError,
  type BulkAnswer,
  type BulkUndoAnswer,
  type DecisionAnswer,
  type OutboxTransport,
  type UndoAnswer,
} from './transport'

export const ADA = 'ada'

export function body(subtomogramId: number): DecisionBody {
  return {
    subtomogram_id: subtomogramId,
    lease_id: subtomogramId,
    fencing_token: subtomogramId,
    kind: 'junk',
    class_id: null,
    duration_ms: 1200,
    comment: null,
    decided_at: '2026-11-20T12:00:00Z',
  }
}

/** A service that keeps what it is sent by key, as the real one does, and can be made to fail. */
export class Service implements OutboxTransport {
  signedIn: string | null = ADA
  offline = false
  /** Statuses of the next answers; 0 cuts the line before, -1 after the service has stored the decision. */
  fail: number[] = []
  /** Subtomograms that are refused for good. */
  refused = new Set<number>()
  broken = new Set<number>()
  readonly stored = new Map<string, { eventId: number; body: DecisionBody | null; undoes: number | null }>()
  readonly log: string[] = []
  hold: Promise<void> | null = null

  async currentUserId(): Promise<string | null> {
    if (this.offline) throw new TransportError('later', 0, 'No connection', '')
    return this.signedIn
  }

  async sendDecision(_slug: string, key: string, sent: DecisionBody): Promise<DecisionAnswer> {
    this.log.push(`decision ${sent.subtomogram_id}`)
    await this.hold
    this.mayFail(sent.subtomogram_id, key, sent)
    return { event_id: this.store(key, sent, null), status: 'accepted' }
  }

  async sendUndo(_slug: string, key: string, eventId: number): Promise<UndoAnswer> {
    this.log.push(`undo ${eventId}`)
    this.mayFail(null, key, null)
    return { event_id: this.store(key, null, eventId), task: null }
  }

  async sendBulk(_slug: string, key: string, sent: BulkBody): Promise<BulkAnswer> {
    this.log.push(`bulk ${sent.subtomogram_ids.join(' ')}`)
    await this.hold
    this.mayFail(null, key, null)
    const bulk = `bulk-${this.store(key, null, null)}`
    return { bulk_id: bulk, decided: sent.subtomogram_ids.length, held_by_others: [] }
  }

  async sendBulkUndo(_slug: string, key: string, bulkId: string): Promise<BulkUndoAnswer> {
    this.log.push(`undo ${bulkId}`)
    this.mayFail(null, key, null)
    this.store(key, null, null)
    return { undone: 2 }
  }

  private mayFail(subtomogramId: number | null, key: string, sent: DecisionBody | null): void {
    if (this.offline) throw new TransportError('later', 0, 'No connection', '')
    if (this.signedIn !== ADA) throw new TransportError('after-sign-in', 401, 'Sign in', '')
    if (subtomogramId !== null && this.refused.has(subtomogramId)) {
      throw new TransportError('never', 422, 'No such class', 'Reload the page.')
    }
    if (subtomogramId !== null && this.broken.has(subtomogramId)) {
      throw new TransportError('later', 500, 'The service failed', '')
    }
    const status = this.fail.shift()
    if (status === undefined) return
    if (status === -1) this.store(key, sent, null)
    throw new TransportError(againAfter(Math.max(0, status)), Math.max(0, status), 'Failed', '')
  }

  private store(key: string, sent: DecisionBody | null, undoes: number | null): number {
    const known = this.stored.get(key)
    if (known !== undefined) return known.eventId
    const eventId = this.stored.size + 1
    this.stored.set(key, { eventId, body: sent, undoes })
    return eventId
  }

  get decided(): number[] {
    return [...this.stored.values()].flatMap(({ body: kept }) => (kept === null ? [] : [kept.subtomogram_id]))
  }
}

export let service: Service
let open: Outbox[] = []

export async function makeOutbox(userId = ADA, storage?: OutboxStorage): Promise<Outbox> {
  const outbox = new Outbox({
    userId,
    storage: storage ?? (await openStorage()),
    transport: service,
    backoff: () => 5,
  })
  open.push(outbox)
  return outbox
}

export const decide = (outbox: Outbox, id: number): Promise<void> =>
  outbox.addDecision('demo', `key-${id}`, body(id), `Junk for ${id}`)
export const settled = (outbox: Outbox): Promise<void> =>
  vi.waitFor(() => expect(outbox.store.getState()).toMatchObject({ phase: 'saved', waiting: 0 }))

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  service = new Service()
})
afterEach(() => {
  for (const outbox of open) outbox.dispose()
  open = []
})
