/** The outbox's way to the service over HTTP. */
import { reportReachable, reportSignedOut, reportUnreachable } from '../api/connection'
import { problemFrom } from '../api/problem'
import type { BulkBody, DecisionBody } from './entries'
import {
  againAfter,
  TransportError,
  type BulkAnswer,
  type BulkUndoAnswer,
  type DecisionAnswer,
  type OutboxTransport,
  type UndoAnswer,
} from './transport'

const TIMEOUT_MS = 20_000

/** Seconds of a Retry-After header; the date form and nonsense count as absent. */
function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 300) : null
}

async function call<Body>(path: string, init: RequestInit): Promise<Body> {
  let response: Response
  try {
    response = await fetch(path, {
      ...init,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (error) {
    reportUnreachable()
    throw new TransportError(
      'later',
      0,
      'No connection',
      error instanceof Error ? error.message : String(error),
    )
  }
  const body: unknown = await response.json().catch(() => null)
  if (response.ok && body !== null) {
    reportReachable()
    return body as Body
  }
  // A success that is no JSON comes from something in between, a proxy or a captive portal: the service did not speak.
  if (response.ok || response.status === 502 || response.status === 504) {
    reportUnreachable()
    throw new TransportError('later', 0, 'No connection', 'Something other than Tomosift answered.')
  }
  reportReachable()
  const problem = problemFrom(body, response)
  throw new TransportError(
    againAfter(response.status),
    response.status,
    problem.title,
    problem.detail,
    retryAfter(response),
  )
}

function post<Body>(userId: string, path: string, key: string, body: unknown): Promise<Body> {
  const headers = {
    'Content-Type': 'application/json',
    'Idempotency-Key': key,
    'X-Tomosift-Client': 'web',
    'Expected-User': userId,
  }
  return call<Body>(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

const project = (slug: string): string => `/api/v1/projects/${encodeURIComponent(slug)}`

async function currentUserId(): Promise<string | null> {
  try {
    const session = await call<{ user: { id: string } }>('/api/v1/session', { cache: 'no-store' })
    return session.user.id
  } catch (error) {
    if (error instanceof TransportError && error.again === 'after-sign-in') {
      reportSignedOut()
      return null
    }
    throw error
  }
}

/** Sends in the name of one user: the service stores nothing when somebody else is signed in by then. */
export const httpTransport = (userId: string): OutboxTransport => ({
  currentUserId,

  sendDecision(projectSlug: string, key: string, body: DecisionBody): Promise<DecisionAnswer> {
    return post<DecisionAnswer>(userId, `${project(projectSlug)}/decisions`, key, body)
  },

  sendUndo(projectSlug: string, key: string, eventId: number): Promise<UndoAnswer> {
    return post<UndoAnswer>(userId, `${project(projectSlug)}/decisions/${eventId}/undo`, key, {})
  },

  sendBulk(projectSlug: string, key: string, body: BulkBody): Promise<BulkAnswer> {
    return post<BulkAnswer>(userId, `${project(projectSlug)}/decisions/bulk`, key, body)
  },

  sendBulkUndo(projectSlug: string, key: string, bulkId: string): Promise<BulkUndoAnswer> {
    return post<BulkUndoAnswer>(userId, `${project(projectSlug)}/decisions/bulk/${bulkId}/undo`, key, {})
  },
})
