/** Requests that the typed client has no part in: raw bytes out, raw bytes in. */
import { reportReachable, reportSignedOut, reportUnreachable } from './connection'
import { ConnectionError, problemFrom } from './problem'

/** Like `fetch`, with who calls, and with `ApiProblem` and `ConnectionError` in place of answers that are no success. */
export async function rawRequest(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('X-Tomosift-Client', 'web')
  if (typeof init.body === 'string') headers.set('Content-Type', 'application/json')
  let response: Response
  try {
    response = await fetch(path, { ...init, headers, credentials: 'same-origin' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
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
