/** A label API for tests: an ordered pool, leases as the service gives them, volumes that can be made to fail. */
import { ApiProblem, ConnectionError } from '../api/problem'
import type { Volume } from '../viewer/volume'
import type { Claim, LabelApi, QueueState, SubtomogramBrief, Task, Work } from './api'

export function problem(status: number, title = 'Refused'): ApiProblem {
  return new ApiProblem({ type: 'urn:tomosift:problem:test', title, status, detail: `${title} (${status}).` })
}

export function makeTask(id: number, cycle: number | null = 1, work: Work = 'query'): Task {
  return {
    lease: { id: id + 1000, fencing_token: id + 1000 },
    work,
    subtomogram: {
      id,
      name: `TS_01/${id}`,
      tomogram: 'TS_01',
      source_row: id,
      box_size: 2,
      voxel_size_angstrom: 10,
      volume_url: `/volume/${id}`,
    },
    pick:
      work === 'query'
        ? {
            cycle_number: cycle,
            acquisition: 'random',
            score: null,
            rank: id,
            batch_size: 40,
            reason: 'At random.',
          }
        : null,
  }
}

export function makeVolume({ volume_url: id }: Pick<SubtomogramBrief, 'volume_url'>): Volume {
  const bytes = new Uint8Array(8).fill(9)
  return { id, shape: [2, 2, 2], voxelSizeAngstrom: 10, bytes, scale: 1, offset: 0, mean: 0, std: 1 }
}

export class TestLabelApi implements LabelApi {
  readonly claims: { count: number; resume: boolean }[] = []
  readonly released: number[] = []
  readonly beats: number[] = []
  /** Leases that are over. */
  readonly ended = new Set<number>()
  offline = false
  batch: number | null = 1
  brokenVolumes = new Map<string, Error[]>()
  downloads: string[] = []

  constructor(
    /** Not handed out yet, in order. */
    public pool: Task[],
    /** Held by this person from an earlier visit. */
    public own: Task[] = [],
  ) {}

  counts(): QueueState {
    return {
      open_query: this.pool.length,
      open_evaluation: 0,
      open_second_look: 0,
      waiting_for_others: 0,
      is_paused: false,
      leased_by_others: 0,
      batch_cycle_number: this.batch,
      batch_total: 40,
      batch_done: 0,
    }
  }

  async claim(count: number, resume: boolean): Promise<Claim> {
    this.claims.push({ count, resume })
    if (this.offline) throw new ConnectionError(new Error('offline'))
    const resumed = resume ? this.own.splice(0, count) : []
    const tasks = [...resumed, ...this.pool.splice(0, count - resumed.length)]
    const empty = {
      code: 'batch-done-launch',
      title: 'Done',
      detail: 'Launch a cycle.',
      may_add_random: true,
    }
    return { tasks, empty: tasks.length === 0 ? empty : null, queue: this.counts() }
  }

  async addRandom(): Promise<number> {
    this.pool.push(makeTask(900, null))
    return 1
  }

  async heartbeat(leaseId: number): Promise<void> {
    this.beats.push(leaseId)
    if (this.offline) throw new ConnectionError(new Error('offline'))
    if (this.ended.has(leaseId)) throw problem(410, 'No longer reserved')
  }

  async release(leaseId: number): Promise<void> {
    this.released.push(leaseId)
  }

  async volume(subtomogram: SubtomogramBrief): Promise<Volume> {
    this.downloads.push(subtomogram.volume_url)
    const failure = this.brokenVolumes.get(subtomogram.volume_url)?.shift()
    if (failure !== undefined) throw failure
    return makeVolume(subtomogram)
  }
}
