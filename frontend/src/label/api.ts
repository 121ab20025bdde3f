/** The part of the service's contract that the label page uses. */
import { reportReachable, reportSignedOut, reportUnreachable } from '../api/connection'
import { ConnectionError, problemFrom } from '../api/problem'
import { decodeVolume, type Volume } from '../viewer/volume'

export type { ParticleClass, Project, QueueState, User } from '../api/types'
import type { QueueState } from '../api/types'

export type Work = 'evaluation' | 'query' | 'recheck' | 'adjudication'

export interface Lease {
  readonly id: number
  readonly fencing_token: number
  readonly expires_at: string
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

/** Why a query item was chosen; evaluation items have none. */
export interface Pick {
  readonly cycle_number: number | null
  readonly acquisition: string
  readonly score: number | null
  readonly rank: number | null
  readonly batch_size: number
  readonly reason: string
}

export interface Task {
  readonly lease: Lease
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

async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('X-Tomosift-Client', 'web')
  if (typeof init.body === 'string') headers.set('Content-Type', 'application/json')
  let response: Response
  try {
    response = await fetch(path, { ...init, headers, credentials: 'same-origin' })
  } catch (error) {
    reportUnreachable()
    throw new ConnectionError(error)
  }
  if (response.status === 502 || response.status === 504) {
    reportUnreachable()
    throw new ConnectionError(new Error(`status ${response.status}`))
  }
  reportReachable()
  if (response.ok) return response
  if (response.status === 401) reportSignedOut()
  throw problemFrom(await response.json().catch(() => null), response)
}

async function post<Body>(path: string, body: unknown): Promise<Body> {
  const response = await request(path, { method: 'POST', body: JSON.stringify(body) })
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
      await request(`${base}/leases/${leaseId}`, { method: 'DELETE', keepalive: leaving })
    },
    volume: async (subtomogram) => {
      const response = await request(subtomogram.volume_url)
      const body = await response.arrayBuffer()
      return decodeVolume(subtomogram.volume_url, subtomogram.voxel_size_angstrom, response.headers, body)
    },
  }
}
