import { describe, expect, it, vi } from 'vitest'
import type { OutboxEvent } from './sending'
import { openStorage } from './storage'
import { ADA, decide, makeOutbox, service, settled } from './testOutbox'
import { againAfter } from './transport'

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
