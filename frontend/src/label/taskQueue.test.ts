import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeTask, problem, TestLabelApi } from './testTasks'
import { HELD, TaskQueue, type TaskQueueOptions } from './taskQueue'

let queue: TaskQueue
afterEach(() => {
  queue.stop()
  vi.useRealTimers()
})

function begin(api: TestLabelApi, options: Partial<TaskQueueOptions> = {}): TaskQueue {
  queue = new TaskQueue({ api, decidedHere: async () => new Set(), volumePauses: [1, 1], ...options })
  queue.start()
  return queue
}

const ids = (): (number | undefined)[] => {
  const { current, ahead } = queue.store.getState()
  return [current, ...ahead].map((held) => held?.task.subtomogram.id)
}
const many = (count: number, from = 1): ReturnType<typeof makeTask>[] =>
  Array.from({ length: count }, (_, i) => makeTask(from + i))
const full = (): Promise<void> => vi.waitFor(() => expect(ids()).toHaveLength(HELD))

describe('claiming', () => {
  it('holds the item on screen and the next four, with their volumes', async () => {
    const api = new TestLabelApi(many(20))
    begin(api)
    await vi.waitFor(() => {
      const { current, ahead } = queue.store.getState()
      expect(
        [current, ...ahead].every((held) => held?.volume?.id === `/volume/${held?.task.subtomogram.id}`),
      ).toBe(true)
    })
    expect(ids()).toEqual([1, 2, 3, 4, 5])
    expect(api.claims).toEqual([{ count: 5, resume: true }])
  })

  it('shows the next at once and tops up behind', async () => {
    begin(new TestLabelApi(many(20)))
    await full()
    queue.advance()
    expect(ids()).toEqual([2, 3, 4, 5])
    await vi.waitFor(() => expect(ids()).toEqual([2, 3, 4, 5, 6]))
  })

  it('goes on with the items held before a reload, without those decided meanwhile', async () => {
    const api = new TestLabelApi(many(20, 10), many(4))
    begin(api, { decidedHere: async () => new Set([1, 3]) })
    await full()
    expect(ids()).toEqual([2, 4, 10, 11, 12])
    expect(api.claims.map((claim) => claim.resume)).toEqual([true, false])
  })

  it('says why there is nothing, and looks again by itself', async () => {
    const api = new TestLabelApi([])
    begin(api, { emptyPollMs: 5 })
    await vi.waitFor(() => expect(queue.store.getState().empty?.code).toBe('batch-done-launch'))
    api.pool = many(2)
    await vi.waitFor(() => expect(ids()).toEqual([1, 2]))
    expect(queue.store.getState().empty).toBeNull()
  })

  it('brings random items on request', async () => {
    begin(new TestLabelApi([]))
    await vi.waitFor(() => expect(queue.store.getState().empty).not.toBeNull())
    await queue.addRandom()
    expect(ids()).toEqual([900])
  })

  it('tells of a lost connection and goes on when it is back', async () => {
    const api = new TestLabelApi(many(20))
    api.offline = true
    begin(api)
    await vi.waitFor(() => expect(queue.store.getState().problem?.title).toBe('No connection'))
    api.offline = false
    window.dispatchEvent(new Event('online'))
    await full()
    expect(queue.store.getState().problem).toBeNull()
  })
})

describe('volumes', () => {
  it('are downloaded again after a passing failure', async () => {
    const api = new TestLabelApi(many(1))
    api.brokenVolumes.set('/volume/1', [problem(503), new Error('cut')])
    begin(api)
    await vi.waitFor(() => expect(queue.store.getState().current?.volume).toBeTruthy())
    expect(api.downloads).toEqual(['/volume/1', '/volume/1', '/volume/1'])
  })

  it('that cannot be had say why, and come when asked for again', async () => {
    const api = new TestLabelApi(many(1))
    api.brokenVolumes.set('/volume/1', [problem(404, 'No such subtomogram')])
    begin(api)
    await vi.waitFor(() => expect(queue.store.getState().current?.problem).toBe('No such subtomogram (404).'))
    expect(api.downloads).toHaveLength(1)
    queue.retryVolume()
    await vi.waitFor(() => expect(queue.store.getState().current?.volume).toBeTruthy())
    expect(queue.store.getState().current?.problem).toBeNull()
  })
})

describe('leases', () => {
  it('are kept alive, all of them', async () => {
    const api = new TestLabelApi(many(20))
    begin(api, { heartbeatMs: 20 })
    await full()
    await vi.waitFor(() => expect(new Set(api.beats)).toEqual(new Set([1001, 1002, 1003, 1004, 1005])))
  })

  it('that ended are dropped ahead, but the item on screen stays', async () => {
    const api = new TestLabelApi(many(20))
    begin(api, { heartbeatMs: 20 })
    await full()
    api.ended.add(1001).add(1003)
    await vi.waitFor(() => expect(ids()).toEqual([1, 2, 4, 5, 6]))
    expect(queue.store.getState().current?.leaseEnded).toBe(true)
  })

  it('survive a heartbeat that finds no connection', async () => {
    const api = new TestLabelApi(many(5))
    begin(api, { heartbeatMs: 10 })
    await full()
    api.offline = true
    const before = api.beats.length
    await vi.waitFor(() => expect(api.beats.length).toBeGreaterThan(before + 10))
    expect(ids()).toEqual([1, 2, 3, 4, 5])
  })

  it('are given back when the page is left', async () => {
    const api = new TestLabelApi(many(20))
    begin(api)
    await full()
    window.dispatchEvent(new Event('pagehide'))
    expect(api.released.toSorted()).toEqual([1001, 1002, 1003, 1004, 1005])
    expect(ids()).toEqual([undefined])
  })

  it('that arrive after leaving are given back too', async () => {
    const api = new TestLabelApi(many(3))
    begin(api)
    queue.stop()
    await vi.waitFor(() => expect(api.released.toSorted()).toEqual([1001, 1002, 1003]))
  })
})

describe('a newer batch', () => {
  it('replaces what was chosen before and not looked at; what is on screen and evaluation items stay', async () => {
    const api = new TestLabelApi([
      makeTask(1),
      makeTask(2),
      makeTask(3, null, 'evaluation'),
      makeTask(4),
      makeTask(5),
    ])
    begin(api)
    await full()
    api.pool = [makeTask(11, 2), makeTask(12, 2), makeTask(13, 2)]
    api.batch = 2
    queue.onQueueEvent(2)
    await vi.waitFor(() => expect(ids()).toEqual([1, 3, 11, 12, 13]))
    expect(api.released).toEqual([1002, 1004, 1005])
    expect(queue.store.getState().arrivedBatch).toBe(2)
    queue.dismissArrival()
    expect(queue.store.getState().arrivedBatch).toBeNull()
  })

  it('is noticed in the counts too, if its event was lost', async () => {
    const api = new TestLabelApi(many(5))
    begin(api)
    await full()
    queue.noteCounts({ ...api.counts(), batch_cycle_number: 4 })
    expect(queue.store.getState().arrivedBatch).toBe(4)
    expect(api.released).toEqual([1002, 1003, 1004, 1005])
  })

  it('that comes when nothing was left waits until the person goes on', async () => {
    const api = new TestLabelApi([])
    begin(api)
    await vi.waitFor(() => expect(queue.store.getState().empty).not.toBeNull())
    api.pool = [makeTask(11, 2), makeTask(12, 2)]
    api.batch = 2
    await queue.topUp()
    expect(queue.store.getState()).toMatchObject({ resting: true, arrivedBatch: 2, current: null })
    expect(ids()).toEqual([undefined, 11, 12])
    queue.goOn()
    expect(ids()).toEqual([11, 12])
    expect(queue.store.getState()).toMatchObject({ resting: false, arrivedBatch: null })
  })

  it('is no news when the page is opened, nor when the queue moves for other reasons', async () => {
    const api = new TestLabelApi(many(5))
    begin(api)
    await full()
    queue.onQueueEvent(1)
    queue.onQueueEvent(null)
    expect(queue.store.getState().arrivedBatch).toBeNull()
    expect(api.released).toEqual([])
  })
})

describe('a choice', () => {
  it('is shown before what was on screen, held by nobody, and can be left', async () => {
    const api = new TestLabelApi(many(20))
    begin(api, { heartbeatMs: 10 })
    await full()
    queue.choose(makeTask(70).subtomogram)
    expect(ids()).toEqual([70, 1, 2, 3, 4, 5])
    expect(queue.store.getState().current?.task).toMatchObject({ lease: null, work: 'choice' })
    await vi.waitFor(() => expect(api.beats).toContain(1001))
    queue.leaveChoice()
    expect(ids()).toEqual([1, 2, 3, 4, 5])
    expect(api.released).toEqual([])
    queue.leaveChoice()
    expect(ids()[0]).toBe(1)
  })
})

describe('putBack', () => {
  it('shows an item again before all others, once', async () => {
    begin(new TestLabelApi(many(20)))
    await full()
    const first = queue.store.getState().current!.task
    queue.advance()
    await full()
    queue.putBack(first)
    expect(ids().slice(0, 3)).toEqual([1, 2, 3])
    queue.putBack(first)
    expect(ids().filter((id) => id === 1)).toHaveLength(1)
    queue.renewLease(1, { id: 77, fencing_token: 77 })
    expect(queue.store.getState().current?.task.lease).toMatchObject({ id: 77, fencing_token: 77 })
  })
})
