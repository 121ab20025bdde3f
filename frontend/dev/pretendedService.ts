/** A service inside the page: enough of the contract to look at the label page and to try its edges by hand. */
import type { Claim, Task } from '../src/label/api'
import { phantomVolume, PHANTOMS } from './phantoms'

const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9']

export const project = {
  id: 'p1',
  slug: 'demo',
  name: 'Demo: six phantoms',
  description: '',
  version: 1,
  box_size: 28,
  voxel_size_angstrom: 13.48,
  protein_contrast: 'dark' as const,
  class_set_version: 1,
  classes: PHANTOMS.map(({ name }, position) => ({
    id: `c${position}`,
    name,
    color: COLOURS[position] ?? '#7f7f7f',
    position,
    hotkey: String(position + 1),
    description: '',
  })),
  settings: {
    batch_size: 40,
    evaluation_fraction: 0.1,
    evaluation_minimum: 50,
    evaluation_maximum: 200,
    interleave: 3,
    wait_for_crossing: false,
  },
  role: 'curator' as const,
  created_at: '2026-11-20T10:00:00Z',
  delete_after: null,
}

export const user = { id: 'u1', name: 'ada', display_name: 'Ada', is_admin: false }

interface Knobs {
  /** What the next requests do: `offline` and `signed-out` as they say, `refuse` turns decisions down. */
  mode: 'ok' | 'offline' | 'signed-out' | 'refuse'
  items: number
  box: number
  snr: number
  batch: number
  latencyMs: number
  cycle: { stage: string; done: number; total: number } | null
}

export class PretendedService {
  readonly knobs: Knobs
  readonly decisions = new Map<string, unknown>()
  private nextItem = 0
  private nextEvent = 1
  private readonly sources = new Set<EventTarget>()

  constructor(knobs: Partial<Knobs>) {
    this.knobs = { mode: 'ok', items: 60, box: 28, snr: 0.1, batch: 3, latencyMs: 8, cycle: null, ...knobs }
  }

  install(): void {
    const original = globalThis.fetch.bind(globalThis)
    globalThis.fetch = async (input, init) => {
      const request = new Request(
        input instanceof Request ? input : new URL(String(input), location.href),
        init,
      )
      const { pathname } = new URL(request.url)
      if (!pathname.startsWith('/api/')) return original(input, init)
      await new Promise((resolve) => setTimeout(resolve, this.knobs.latencyMs))
      if (this.knobs.mode === 'offline') throw new TypeError('Failed to fetch')
      if (this.knobs.mode === 'signed-out') return problem(401, 'not-signed-in', 'Sign in first')
      return this.answer(request.method, pathname, request)
    }
    const { sources } = this
    class PretendedSource extends EventTarget {
      readonly readyState = 1
      constructor() {
        super()
        sources.add(this)
      }
      close(): void {
        sources.delete(this)
      }
    }
    Object.assign(PretendedSource, { CLOSED: 2, OPEN: 1, CONNECTING: 0 })
    Object.assign(globalThis, { EventSource: PretendedSource })
  }

  emit(name: string, data: unknown): void {
    for (const source of this.sources)
      source.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }))
  }

  private async answer(method: string, path: string, request: Request): Promise<Response> {
    if (path.endsWith('/session')) return json({ user })
    if (path.endsWith('/projects/demo')) return json(project)
    if (path.endsWith('/cycles')) return json({ items: this.cycles(), next: null })
    if (path.endsWith('/tasks/claim')) {
      const { count } = (await request.json()) as { count: number }
      return json(this.claim(count))
    }
    if (path.endsWith('/tasks/more')) {
      this.knobs.items += 20
      return json({ added: 20, queue: this.queue() })
    }
    if (path.endsWith('/volume')) {
      const index = Number(/subtomograms\/(\d+)\//.exec(path)?.[1])
      const { bytes, headers } = phantomVolume(index, this.knobs.box, this.knobs.snr)
      return new Response(bytes, { headers })
    }
    if (path.endsWith('/heartbeat')) return json({ expires_at: new Date().toISOString() })
    if (path.endsWith('/undo')) return json({ event_id: this.nextEvent++, task: null }, 201)
    if (path.endsWith('/decisions')) return this.decide(request)
    if (method === 'DELETE') return new Response(null, { status: 204 })
    return problem(404, 'not-found', `Nothing at ${path}`)
  }

  private async decide(request: Request): Promise<Response> {
    if (this.knobs.mode === 'refuse') {
      return problem(
        422,
        'unknown-class',
        'No such class',
        'This class is not in the class set; reload the page.',
      )
    }
    const key = request.headers.get('Idempotency-Key') ?? ''
    this.decisions.set(key, await request.json())
    return json({ event_id: this.nextEvent++, status: 'accepted', label: null, queue: this.queue() }, 201)
  }

  private queue(): Claim['queue'] {
    return {
      open_query: this.knobs.items - this.nextItem,
      open_evaluation: 18,
      open_second_look: 0,
      waiting_for_others: 0,
      is_paused: false,
      leased_by_others: 0,
      batch_cycle_number: this.knobs.batch,
      batch_total: 40,
      batch_done: this.decisions.size,
    }
  }

  private claim(count: number): Claim {
    const tasks: Task[] = []
    while (tasks.length < count && this.nextItem < this.knobs.items) tasks.push(this.task(this.nextItem++))
    const empty = {
      code: 'batch-done-launch',
      title: 'You have answered this batch',
      detail:
        'Launch a cycle: it learns from the labels so far and chooses the next particles. Or label further random particles.',
      may_add_random: true,
    }
    return { tasks, empty: tasks.length === 0 ? empty : null, queue: this.queue() }
  }

  private task(index: number): Task {
    const isEvaluation = index % 4 === 3
    return {
      lease: { id: index + 1, fencing_token: index + 1 },
      work: isEvaluation ? 'evaluation' : 'query',
      subtomogram: {
        id: index + 100,
        name: `TS_01/${String(index + 100).padStart(6, '0')}`,
        tomogram: 'TS_01',
        source_row: index,
        box_size: this.knobs.box,
        voxel_size_angstrom: 13.48,
        volume_url: `/api/v1/projects/demo/subtomograms/${index + 100}/volume?h=${index}`,
      },
      pick: isEvaluation
        ? null
        : {
            cycle_number: this.knobs.batch,
            acquisition: 'entropy-gradnorm',
            score: 0.435 - index * 0.004,
            rank: index + 1,
            batch_size: 40,
            reason: `Entropy-gradnorm put it at rank ${index + 1} of 40.`,
          },
    }
  }

  private cycles(): unknown[] {
    const { cycle, batch } = this.knobs
    if (cycle === null) return []
    const progress = { stage: cycle.stage, done: cycle.done, total: cycle.total }
    return [
      {
        number: batch + 1,
        stage: cycle.stage,
        settings: {},
        trigger: {},
        job: { state: 'running', progress, problem: null, log: [] },
        training_label_count: 60,
        evaluation_label_count: 20,
        metrics: null,
        model_id: null,
        created_at: '2026-11-20T10:00:00Z',
        finished_at: null,
        warning: null,
      },
    ]
  }
}

const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })

const problem = (status: number, kind: string, title: string, detail = title): Response =>
  json({ type: `urn:tomosift:problem:${kind}`, title, status, detail }, status)
