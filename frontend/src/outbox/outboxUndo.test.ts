import { describe, expect, it, vi } from 'vitest'
import type { BulkBody } from './entries'
import { ADA, body, decide, makeOutbox, service, settled } from './testOutbox'

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
