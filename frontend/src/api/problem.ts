/** What the service answers when it cannot do something (RFC 9457), and what we show of it. */

export interface ProblemBody {
  type: string
  title: string
  status: number
  detail: string
  [extra: string]: unknown
}

/** An answer of the service that is not a success. `kind` is the stable last part of its type. */
export class ApiProblem extends Error {
  readonly status: number
  readonly kind: string
  readonly title: string
  readonly detail: string
  readonly body: ProblemBody

  constructor(body: ProblemBody) {
    super(`${body.title}: ${body.detail}`)
    this.name = 'ApiProblem'
    this.status = body.status
    this.kind = body.type.split(':').at(-1) ?? body.type
    this.title = body.title
    this.detail = body.detail
    this.body = body
  }
}

/** No answer came at all: the service is down or the network is gone. */
export class ConnectionError extends Error {
  constructor(cause: unknown) {
    super('Tomosift does not answer.', { cause })
    this.name = 'ConnectionError'
  }
}

function isProblemBody(value: unknown): value is ProblemBody {
  if (typeof value !== 'object' || value === null) return false
  const { type, title, detail } = value as Record<string, unknown>
  return typeof type === 'string' && typeof title === 'string' && typeof detail === 'string'
}

/** The problem in an error response's body; a proxy's HTML or an empty body becomes one too. */
export function problemFrom(body: unknown, response: Response): ApiProblem {
  if (isProblemBody(body)) return new ApiProblem({ ...body, status: response.status })
  return new ApiProblem({
    type: 'about:blank',
    title: response.status >= 500 ? 'The service failed' : 'The service refused this',
    status: response.status,
    detail:
      response.status >= 500
        ? 'Nothing you did was wrong. Try again; if it stays, tell whoever runs this Tomosift to look at its logs.'
        : `It answered with status ${response.status} and no explanation.`,
  })
}

/** Title and text to show for any error. */
export function explain(error: unknown): { title: string; detail: string } {
  if (error instanceof ApiProblem) return { title: error.title, detail: error.detail }
  if (error instanceof ConnectionError)
    return { title: 'No connection', detail: 'Tomosift does not answer. This page tries again by itself.' }
  return {
    title: 'This page failed',
    detail: error instanceof Error ? error.message : 'An unknown error occurred. Reload the page to go on.',
  }
}
