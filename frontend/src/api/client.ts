import createClient, { type Middleware } from 'openapi-fetch'
import { reportReachable, reportSignedOut, reportUnreachable } from './connection'
import { ConnectionError, problemFrom } from './problem'
import type { paths } from './schema.gen'

/** Every request passes here: it says who calls (the service's guard against forged requests) and notes what came back. */
const watch: Middleware = {
  onRequest({ request }) {
    request.headers.set('X-Tomosift-Client', 'web')
  },
  async onResponse({ request, response }) {
    if (response.ok) {
      reportReachable()
      return
    }
    const problem = problemFrom(
      await response
        .clone()
        .json()
        .catch(() => null),
      response,
    )
    // A proxy in front answers 502 and 504 when the service behind it is gone.
    if (response.status === 502 || response.status === 504) {
      reportUnreachable()
      throw new ConnectionError(problem)
    }
    reportReachable()
    // Asking who is signed in may be answered "nobody"; anywhere else 401 means the session has ended.
    if (response.status === 401 && !new URL(request.url).pathname.endsWith('/session')) reportSignedOut()
    throw problem
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === 'AbortError') return
    reportUnreachable()
    return new ConnectionError(error)
  },
}

/** The typed client, generated from the service's OpenAPI file. A call resolves, or throws ApiProblem or ConnectionError. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  fetch: (request) => globalThis.fetch(request),
})
api.use(watch)

/** The body of an answer that has one. */
export async function bodyOf<Body>(call: Promise<{ data?: Body; response: Response }>): Promise<Body> {
  const { data, response } = await call
  if (data === undefined) throw problemFrom(null, response)
  return data
}
