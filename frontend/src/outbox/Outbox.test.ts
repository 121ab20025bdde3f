import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BulkBody, DecisionBody } from './entries'
import { Outbox } from './Outbox'
import type { OutboxEvent } from './sending'
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

const ADA = 'ada'

function body(subtomogramId: number): DecisionBody {
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
class Service implements OutboxTransport {
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

let service: Service
let open: Outbox[] = []

async function makeOutbox(userId = ADA, storage?: OutboxStorage): Promise<Outbox> {
  const outbox = new Outbox({
    userId,
    storage: storage ?? (await openStorage()),
    transport: service,
    backoff: () => 5,
  })
  open.push(outbox)
  return outbox
}

const decide = (outbox: Outbox, id: number): Promise<void> =>
  outbox.addDecision('demo', `key-${id}`, body(id), `Junk for ${id}`)
const settled = (outbox: Outbox): Promise<void> =>
  vi.waitFor(() => expect(outbox.store.getState()).toMatchObject({ phase: 'saved', waiting: 0 }))

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  service = new Service()
})
afterEach(() => {
  for (const outbox of open) outbox.dispose()
  open = []
})

describe('sending', () => {
  it('sends decisions in the order they were made, once each', async () => {
    const outbox = await makeOutbox()
    await Promise.all([1, 2, 3, 4, 5].map((id) => decide(outbox, id)))
    await settled(outbox)
    expect(service.log).toEqual([1, 2, 3, 4, 5].map((id) => `decision ${id}`))
    expect(service.decided).toEqual([1, 2, 3, 4, 5])
  })

  it('tries again over lost connections and busy services, under the same key', async () => {
    service.fail = [0, 503, 429, -1]
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    await settled(outbox)
    expect(service.log).toHaveLength(5)
    expect(service.decided).toEqual([1])
  })

  it('keeps what waits over a reload', async () => {
    service.offline = true
    const before = await makeOutbox()
    await decide(before, 1)
    await decide(before, 2)
    await vi.waitFor(() => expect(before.store.getState().phase).toBe('waiting'))
    expect(before.store.getState().waiting).toBe(2)
    before.dispose()
    service.offline = false
    const after = await makeOutbox()
    expect(await after.waitingSubtomograms('demo')).toEqual(new Set([1, 2]))
    expect(await after.waitingSubtomograms('other')).toEqual(new Set())
    after.start()
    await vi.waitFor(() => expect(service.decided).toEqual([1, 2]))
    await settled(after)
  })

  it('does not lose a decision whose answer was lost with the page', async () => {
    service.fail = [-1]
    const before = await makeOutbox()
    await decide(before, 1)
    await vi.waitFor(() => expect(service.stored.size).toBe(1))
    before.dispose()
    const after = await makeOutbox()
    await after.flush()
    await settled(after)
    expect(service.decided).toEqual([1])
  })

  it('sends the others past one that the service fails on again and again', async () => {
    service.broken.add(1)
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    await decide(outbox, 2)
    await vi.waitFor(() => expect(service.decided).toEqual([2]))
    expect(outbox.store.getState()).toMatchObject({ phase: 'waiting', waiting: 1 })
    service.broken.clear()
    await settled(outbox)
    expect(service.decided).toEqual([2, 1])
  })

  it('sends from one tab what both have made', async () => {
    const one = await makeOutbox()
    const other = await makeOutbox()
    const heard = new Set<string>()
    other.subscribe((event) => event.type === 'acknowledged' && heard.add(event.key))
    service.offline = true
    await decide(other, 1)
    service.offline = false
    await decide(one, 2)
    await settled(one)
    expect(service.decided.toSorted()).toEqual([1, 2])
    await vi.waitFor(() => expect(heard).toEqual(new Set(['key-1', 'key-2'])))
    await settled(other)
  })
})

describe('who sends', () => {
  it('waits for a sign-in and goes on after it', async () => {
    service.signedIn = null
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    await vi.waitFor(() => expect(outbox.store.getState().phase).toBe('signed-out'))
    expect(service.log).toEqual([])
    service.signedIn = ADA
    await outbox.flush()
    await settled(outbox)
    expect(service.decided).toEqual([1])
  })

  it("never sends one person's decisions under another's sign-in", async () => {
    service.signedIn = 'ben'
    const adas = await makeOutbox(ADA)
    await decide(adas, 1)
    await vi.waitFor(() => expect(adas.store.getState().phase).toBe('other-user'))
    adas.dispose()
    const bens = await makeOutbox('ben')
    await bens.flush()
    await settled(bens)
    expect(service.log).toEqual([])
    service.signedIn = ADA
    const again = await makeOutbox(ADA)
    await again.flush()
    expect(service.decided).toEqual([1])
  })

  it('stops when the session ends between two decisions', async () => {
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    await settled(outbox)
    service.signedIn = null
    await decide(outbox, 2)
    await vi.waitFor(() => expect(outbox.store.getState().phase).toBe('signed-out'))
    expect(outbox.store.getState().waiting).toBe(1)
    expect(service.decided).toEqual([1])
  })
})

describe('refusals', () => {
  it('are kept and shown, and do not hold up the others', async () => {
    service.refused.add(1)
    const outbox = await makeOutbox()
    const events: OutboxEvent[] = []
    outbox.subscribe((event) => events.push(event))
    await decide(outbox, 1)
    await decide(outbox, 2)
    await vi.waitFor(() => expect(service.decided).toEqual([2]))
    expect(outbox.store.getState().refused).toMatchObject([
      { key: 'key-1', summary: 'Junk for 1', refusal: { status: 422, title: 'No such class' } },
    ])
    expect(events.map(({ type }) => type)).toEqual(['refused', 'acknowledged'])

    // Also after a reload, and until a person sends it again …
    outbox.dispose()
    const after = await makeOutbox()
    await after.flush()
    expect(after.store.getState().refused).toHaveLength(1)
    expect(service.log).toEqual(['decision 1', 'decision 2'])
    service.refused.clear()
    await after.retry('key-1')
    await settled(after)
    expect(service.decided).toEqual([2, 1])
    expect(after.store.getState().refused).toEqual([])
  })

  it('can be discarded', async () => {
    service.refused.add(1)
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    await vi.waitFor(() => expect(outbox.store.getState().refused).toHaveLength(1))
    await outbox.discard('key-1')
    expect(outbox.store.getState().refused).toEqual([])
    expect(await (await openStorage()).list(ADA)).toEqual([])
  })
})

describe('undo', () => {
  it('forgets a decision that was never sent', async () => {
    service.signedIn = null
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    expect(await outbox.undo('demo', 'key-1', 'Undo')).toEqual({ type: 'withdrawn' })
    service.signedIn = ADA
    await outbox.flush()
    await settled(outbox)
    expect(service.log).toEqual([])
  })

  it('takes back an acknowledged one by its number', async () => {
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    await settled(outbox)
    expect((await outbox.undo('demo', 'key-1', 'Undo')).type).toBe('queued')
    await settled(outbox)
    expect(service.log).toEqual(['decision 1', 'undo 1'])
  })

  it('follows a decision that is on its way, and comes before the next one', async () => {
    let release = (): void => undefined
    service.hold = new Promise((resolve) => (release = resolve))
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    await vi.waitFor(() => expect(service.log).toEqual(['decision 1']))
    expect((await outbox.undo('demo', 'key-1', 'Undo')).type).toBe('queued')
    await outbox.addDecision('demo', 'key-1b', body(1), 'Junk for 1')
    release()
    await settled(outbox)
    expect(service.log).toEqual(['decision 1', 'undo 1', 'decision 1'])
  })

  it('survives a reload together with its decision', async () => {
    service.fail = [-1]
    const before = await makeOutbox()
    await decide(before, 1)
    await vi.waitFor(() => expect(service.stored.size).toBe(1))
    await before.undo('demo', 'key-1', 'Undo')
    before.dispose()
    const after = await makeOutbox()
    await after.flush()
    await settled(after)
    expect(service.log.at(-1)).toBe('undo 1')
  })

  it('of a decision that turns out refused leaves nothing behind', async () => {
    let release = (): void => undefined
    service.hold = new Promise((resolve) => (release = resolve))
    service.refused.add(1)
    const outbox = await makeOutbox()
    await decide(outbox, 1)
    await vi.waitFor(() => expect(service.log).toHaveLength(1))
    await outbox.undo('demo', 'key-1', 'Undo')
    release()
    await settled(outbox)
    expect(outbox.store.getState().refused).toEqual([])
    expect(service.log).toEqual(['decision 1'])
  })
})

const bulk: BulkBody = {
  subtomogram_ids: [4, 5],
  kind: 'junk',
  class_id: null,
  duration_ms: 900,
  decided_at: '2026-11-20T12:00:00Z',
}

describe('one decision on many', () => {
  it('is kept over a reload, sent once, and its items count as decided meanwhile', async () => {
    service.offline = true
    const first = await makeOutbox()
    await first.addBulk('demo', 'key-b', bulk, 'Junk for 2 particles')
    first.dispose()

    service.offline = false
    const second = await makeOutbox()
    expect([...(await second.waitingSubtomograms('demo'))]).toEqual([4, 5])
    second.start()
    await settled(second)
    expect(service.log).toEqual(['bulk 4 5'])
  })

  it('is taken back by its name, also when the undo was asked for before the answer and over a reload', async () => {
    const outbox = await makeOutbox()
    await outbox.addBulk('demo', 'key-b', bulk, 'Junk for 2 particles')
    await settled(outbox)
    await outbox.undo('demo', 'key-b', 'Undo')
    await settled(outbox)
    expect(service.log).toEqual(['bulk 4 5', 'undo bulk-1'])

    let release = (): void => undefined
    service.hold = new Promise((resolve) => {
      release = resolve
    })
    await outbox.addBulk('demo', 'key-c', bulk, 'Junk for 2 particles')
    await vi.waitFor(() => expect(service.log).toHaveLength(3))
    await outbox.undo('demo', 'key-c', 'Undo')
    service.fail = [503]
    release()
    service.hold = null
    await settled(outbox)
    expect(service.log.at(-1)).toMatch(/^undo bulk-/)
  })
})

describe('storage', () => {
  it('falls back to localStorage, and keeps entries there over a reload', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('denied', 'SecurityError')
    })
    service.signedIn = null
    const before = await makeOutbox()
    await decide(before, 1)
    await decide(before, 2)
    before.dispose()
    expect(localStorage.length).toBe(2)
    service.signedIn = ADA
    const after = await makeOutbox()
    expect(after.store.getState().durable).toBe(true)
    await after.flush()
    await settled(after)
    expect(service.decided).toEqual([1, 2])
    expect(localStorage.length).toBe(0)
  })

  it('goes on in memory when the disk is full, and says so', async () => {
    const storage = await openStorage()
    service.signedIn = null
    const outbox = await makeOutbox(ADA, storage)
    await decide(outbox, 1)
    vi.spyOn(storage, 'put').mockRejectedValue(new DOMException('full', 'QuotaExceededError'))
    await decide(outbox, 2)
    expect(outbox.store.getState()).toMatchObject({ durable: false, waiting: 2 })
    const leaving = new Event('beforeunload', { cancelable: true })
    outbox.start()
    window.dispatchEvent(leaving)
    expect(leaving.defaultPrevented).toBe(true)
    service.signedIn = ADA
    await outbox.flush()
    await settled(outbox)
    expect(service.decided).toEqual([1, 2])
  })
})

describe('againAfter', () => {
  it.each([
    [0, 'later'],
    [401, 'after-sign-in'],
    [408, 'later'],
    [429, 'later'],
    [500, 'later'],
    [503, 'later'],
    [400, 'never'],
    [403, 'never'],
    [404, 'never'],
    [409, 'never'],
    [410, 'never'],
    [422, 'never'],
  ] as const)('status %i: %s', (status, again) => expect(againAfter(status)).toBe(again))
})
