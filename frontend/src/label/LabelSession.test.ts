import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DecisionBody } from '../outbox/entries'
import { Outbox } from '../outbox/Outbox'
import { MemoryStorage } from '../outbox/storage'
import { TransportError, type OutboxTransport } from '../outbox/transport'
import { LabelSession } from './LabelSession'
import { LookTimer, sessionStats } from './sessionStats'
import { TaskQueue } from './taskQueue'
import { makeTask, TestLabelApi } from './testTasks'

class Service implements OutboxTransport {
  readonly sent: DecisionBody[] = []
  readonly undone: number[] = []
  refuse = false
  late = false

  async currentUserId(): Promise<string> {
    return 'ada'
  }

  async sendDecision(_slug: string, _key: string, body: DecisionBody) {
    if (this.refuse) throw new TransportError('never', 422, 'No such class', '')
    this.sent.push(body)
    return { event_id: this.sent.length, status: this.late ? ('late' as const) : ('accepted' as const) }
  }

  async sendUndo(_slug: string, _key: string, eventId: number) {
    this.undone.push(eventId)
    const id = this.sent[eventId - 1]?.subtomogram_id ?? 0
    return {
      event_id: 100 + eventId,
      task: { subtomogram: { id }, lease: { id: id + 2000, fencing_token: id + 2000 } },
    }
  }

  async sendBulk() {
    return { bulk_id: 'b', decided: 0, held_by_others: [] }
  }

  async sendBulkUndo() {
    return { undone: 0 }
  }
}

let api: TestLabelApi
let service: Service
let outbox: Outbox
let session: LabelSession
let clock = 0

beforeEach(async () => {
  clock = 0
  api = new TestLabelApi(Array.from({ length: 20 }, (_, i) => makeTask(i + 1)))
  service = new Service()
  outbox = new Outbox({ userId: 'ada', storage: new MemoryStorage(), transport: service })
  const queue = new TaskQueue({ api, decidedHere: () => outbox.waitingSubtomograms('demo') })
  session = new LabelSession('demo', queue, outbox, () => clock)
  queue.start()
  await vi.waitFor(() => expect(shown()).toBe(1))
})
afterEach(() => {
  session.queue.stop()
  session.dispose()
  outbox.dispose()
})

const current = () => session.queue.store.getState().current
const shown = (): number | undefined =>
  current()?.volume == null ? undefined : current()?.task.subtomogram.id
/** The viewer draws what is current. */
const paint = async (): Promise<void> => {
  await vi.waitFor(() => expect(shown()).toBeDefined())
  session.onPainted(`/volume/${shown()}`)
}
const particleClass = { id: 'c1', name: 'barrel', color: '#0072b2' }

describe('deciding', () => {
  it('sends what was seen, for how long, under which lease', async () => {
    await paint()
    clock += 1234.4
    await session.decide({ kind: 'class', particleClass })
    await vi.waitFor(() => expect(service.sent).toHaveLength(1))
    expect(service.sent[0]).toMatchObject({
      subtomogram_id: 1,
      lease_id: 1001,
      fencing_token: 1001,
      kind: 'class',
      class_id: 'c1',
      duration_ms: 1234,
    })
    expect(Date.parse(service.sent[0]!.decided_at)).toBeGreaterThan(0)
    expect(shown()).toBe(2)
  })

  it("tells that the model's suggestion was seen before, also when it was taken back since", async () => {
    await paint()
    await session.decide({ kind: 'junk' })
    await vi.waitFor(() => expect(service.sent).toHaveLength(1))
    session.onSuggestion(1)
    await session.undo()
    await paint()
    await session.decide({ kind: 'unsure' })
    await vi.waitFor(() => expect(service.sent).toHaveLength(2))
    expect(service.sent.map(({ suggestion_shown }) => suggestion_shown)).toEqual([false, true])
  })

  it('goes back to the queue where a chosen item is skipped, and sends nothing', async () => {
    await paint()
    session.queue.choose(makeTask(70).subtomogram)
    await paint()
    await session.decide({ kind: 'skip' })
    expect(shown()).toBe(1)
    session.queue.choose(makeTask(70).subtomogram)
    await paint()
    await session.decide({ kind: 'junk' })
    await vi.waitFor(() => expect(service.sent).toHaveLength(1))
    expect(service.sent[0]).toMatchObject({ subtomogram_id: 70, lease_id: null, fencing_token: null })
  })

  it('waits until the volume is really on screen', async () => {
    expect(session.canDecide()).toBe(false)
    await session.decide({ kind: 'junk' })
    session.onPainted('/volume/2') // An older or a prefetched picture does not count.
    await session.decide({ kind: 'junk' })
    expect(shown()).toBe(1)
    await paint()
    await session.decide({ kind: 'junk' })
    await session.decide({ kind: 'junk' }) // The second press of a bouncing key finds nothing on screen yet.
    expect(session.store.getState().history).toHaveLength(1)
    expect(shown()).toBe(2)
  })

  it('marks decisions as saved, late or refused', async () => {
    await paint()
    await session.decide({ kind: 'unsure' })
    expect(session.store.getState().history[0]?.answer).toBe('pending')
    await vi.waitFor(() => expect(session.store.getState().history[0]?.answer).toBe('accepted'))
    service.late = true
    await paint()
    await session.decide({ kind: 'skip' })
    await vi.waitFor(() => expect(session.store.getState().history[1]?.answer).toBe('late'))
    service.refuse = true
    await paint()
    await session.decide({ kind: 'class', particleClass })
    await vi.waitFor(() => expect(session.store.getState().history[2]?.answer).toBe('refused'))
  })

  it('keeps five items held over twelve decisions and never asks one twice', async () => {
    for (let i = 0; i < 12; i++) {
      await paint()
      await session.decide({ kind: 'junk' })
    }
    await vi.waitFor(() => expect(service.sent).toHaveLength(12))
    expect(service.sent.map((body) => body.subtomogram_id)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
    await vi.waitFor(() => expect(session.queue.store.getState().ahead).toHaveLength(4))
  })

  it('takes the note about new picks away once one of them is decided', async () => {
    api.pool = [makeTask(50, 2)]
    session.queue.onQueueEvent(2)
    expect(session.queue.store.getState().arrivedBatch).toBe(2)
    await paint()
    await session.decide({ kind: 'junk' })
    expect(session.queue.store.getState().arrivedBatch).toBe(2)
    await vi.waitFor(() => expect(shown()).toBe(50))
    await paint()
    await session.decide({ kind: 'junk' })
    expect(session.queue.store.getState().arrivedBatch).toBeNull()
  })
})

describe('undo', () => {
  it('brings the item back, takes the decision back, and goes on under the new lease', async () => {
    await paint()
    await session.decide({ kind: 'junk' })
    await vi.waitFor(() => expect(service.sent).toHaveLength(1))
    await vi.waitFor(() => expect(session.store.getState().history[0]?.answer).toBe('accepted'))
    expect(await session.undo()).toBe(true)
    expect(shown()).toBe(1)
    expect(session.store.getState()).toMatchObject({ history: [], takenBack: true })
    await vi.waitFor(() => expect(current()?.task.lease?.id).toBe(2001))
    expect(service.undone).toEqual([1])
    await paint()
    await session.decide({ kind: 'unsure' })
    await vi.waitFor(() => expect(service.sent).toHaveLength(2))
    expect(service.sent[1]).toMatchObject({ subtomogram_id: 1, lease_id: 2001, kind: 'unsure' })
    expect(session.store.getState().takenBack).toBe(false)
    expect(shown()).toBe(2)
  })

  it('goes back over several decisions, and stops at the first', async () => {
    for (let i = 0; i < 3; i++) {
      await paint()
      await session.decide({ kind: 'junk' })
    }
    await session.undo()
    await session.undo()
    expect(shown()).toBe(2)
    await session.undo()
    expect(shown()).toBe(1)
    expect(await session.undo()).toBe(false)
    await vi.waitFor(() => expect(outbox.store.getState()).toMatchObject({ waiting: 0, phase: 'saved' }))
    // Whatever had been sent was undone.
    expect(service.undone.toSorted()).toEqual(service.sent.map((_, i) => i + 1))
  })
})

describe('LookTimer', () => {
  it('does not count time in which the page was hidden', () => {
    let now = 0
    const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('visible')
    const timer = new LookTimer(() => now)
    timer.restart()
    now = 1000
    visibility.mockReturnValue('hidden')
    timer.onVisibility()
    now = 60_000
    visibility.mockReturnValue('visible')
    timer.onVisibility()
    now = 60_500
    expect(timer.elapsedMs()).toBe(1500)
    timer.restart()
    expect(timer.elapsedMs()).toBe(0)
  })
})

describe('sessionStats', () => {
  it('gives the median look once there are three', () => {
    const looks = (...durations: number[]) =>
      durations.map((durationMs, i) => ({ key: String(i), durationMs }))
    expect(sessionStats(looks(1000, 2000))).toEqual({ decisions: 2, medianSeconds: null })
    expect(sessionStats(looks(9000, 1000, 2000))).toEqual({ decisions: 3, medianSeconds: 2 })
    expect(sessionStats(looks(9000, 1000, 2000, 3000)).medianSeconds).toBe(2.5)
  })
})
