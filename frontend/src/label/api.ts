/** The part of the service's contract that the label page uses. */
import { api, bodyOf } from '../api/client'
import { rawRequest } from '../api/rawRequest'
import { fetchVolume } from '../viewer/fetchVolume'
import type { Volume } from '../viewer/volume'

export type { ParticleClass, Project, QueueState, User } from '../api/types'
import type { QueueState } from '../api/types'

/** `choice`: nobody was asked; the person chose it. */
export type Work = 'evaluation' | 'query' | 'recheck' | 'label-error' | 'adjudication' | 'choice'

export interface Lease {
  readonly id: number
  readonly fencing_token: number
}

export interface SubtomogramBrief {
  readonly id: number
  readonly name: string
  readonly tomogram: string | null
  readonly source_row: number
  readonly box_size: number
  readonly voxel_size_angstrom: number | null
  readonly volume_url: string
}

/** Why a query item was chosen; others have none. */
export interface Pick {
  readonly cycle_number: number | null
  readonly acquisition: string
  readonly score: number | null
  readonly rank: number | null
  readonly batch_size: number
  readonly reason: string
}

export interface Task {
  /** Null for a choice: nobody holds it. */
  readonly lease: Lease | null
  readonly work: Work
  readonly subtomogram: SubtomogramBrief
  readonly pick: Pick | null
}

export interface EmptyQueue {
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly may_add_random: boolean
}

export interface Claim {
  readonly tasks: readonly Task[]
  readonly empty: EmptyQueue | null
  readonly queue: QueueState
}

/** What the label page asks of the service. Every call throws `ApiProblem` or `ConnectionError`. */
export interface LabelApi {
  /** Reserve up to `count` items; with `resume` those held already come first. */
  claim(count: number, resume: boolean): Promise<Claim>
  /** Put further random items into an empty queue; resolves with how many. */
  addRandom(): Promise<number>
  /** Keep an item reserved. 410 when it is no longer ours. */
  heartbeat(leaseId: number): Promise<void>
  /** Give an item back; `leaving` also works while the page is being closed. */
  release(leaseId: number, leaving?: boolean): Promise<void>
  volume(subtomogram: SubtomogramBrief): Promise<Volume>
}

/** A particle that the person chose. */
export async function readSubtomogram(projectSlug: string, id: number): Promise<SubtomogramBrief> {
  const { name, tomogram, source_row, box_size, voxel_size_angstrom, volume_url } = await bodyOf(
    api.GET('/api/v1/projects/{slug}/subtomograms/{subtomogram_id}', {
      params: { path: { slug: projectSlug, subtomogram_id: id } },
    }),
  )
  return { id, name, tomogram, source_row, box_size, voxel_size_angstrom, volume_url }
}

async function post<Body>(path: string, body: unknown): Promise<Body> {
  const response = await rawRequest(path, { method: 'POST', body: JSON.stringify(body) })
  return (await response.json()) as Body
}

export function httpLabelApi(projectSlug: string): LabelApi {
  const base = `/api/v1/projects/${encodeURIComponent(projectSlug)}`
  return {
    claim: (count, resume) => post<Claim>(`${base}/tasks/claim`, { count, resume }),
    addRandom: async () => (await post<{ added: number }>(`${base}/tasks/more`, {})).added,
    heartbeat: async (leaseId) => {
      await post(`${base}/leases/${leaseId}/heartbeat`, {})
    },
    release: async (leaseId, leaving = false) => {
      await rawRequest(`${base}/leases/${leaseId}`, { method: 'DELETE', keepalive: leaving })
    },
    volume: (subtomogram) => fetchVolume(subtomogram.volume_url, subtomogram.voxel_size_angstrom),
  }
}
