/** An imagined service behind `fetch`: a table of answers, and a record of what was asked. */
import { vi } from 'vitest'
import * as fixtures from './fixtures'

/** What to answer: a body, a status with a body, or a function of the request's body. */
export type Answer = unknown

export class Refusal {
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
  ) {}
}

export interface Asked {
  key: string
  body: unknown
  headers: Headers
}

export class StubService {
  readonly asked: Asked[] = []
  /** While true, no request gets an answer. */
  down = false

  constructor(readonly answers: Record<string, Answer>) {
    vi.stubGlobal('fetch', (input: Request | string, init?: RequestInit) => this.answer(input, init))
  }

  /** How often `key`, such as `GET /session`, was asked. */
  count(key: string): number {
    return this.asked.filter((asked) => asked.key === key).length
  }

  /** The newest request of `key`. */
  last(key: string): Asked {
    const found = this.asked.findLast((asked) => asked.key === key)
    if (found === undefined) throw new Error(`${key} was not asked.`)
    return found
  }

  private async answer(input: Request | string, init?: RequestInit): Promise<Response> {
    const request =
      input instanceof Request ? input : new Request(new URL(input, window.location.origin), init)
    const key = `${request.method} ${new URL(request.url).pathname.replace('/api/v1', '')}`
    const text = await request.text()
    const isJson = request.headers.get('Content-Type')?.includes('json') ?? false
    const body: unknown = isJson && text !== '' ? JSON.parse(text) : text || null
    this.asked.push({ key, body, headers: request.headers })
    if (this.down) throw new TypeError('Failed to fetch')
    const found = this.answers[key]
    const answer = typeof found === 'function' ? (found as (body: unknown) => unknown)(body) : found
    if (answer instanceof Response) return answer
    if (answer === undefined) return refuse(new Refusal(404, 'not-found', 'Not found', `Nothing at ${key}.`))
    if (answer instanceof Refusal) return refuse(answer)
    if (answer === null) return new Response(null, { status: 204 })
    return Response.json(answer)
  }
}

function refuse({ status, kind, title, detail }: Refusal): Response {
  return Response.json(
    { type: `urn:tomosift:problem:${kind}`, title, status, detail },
    { status, headers: { 'Content-Type': 'application/problem+json' } },
  )
}

/** Answers for the whole demo project, with changes. */
export function demoAnswers(changes: Record<string, Answer> = {}): Record<string, Answer> {
  return {
    'GET /healthz': { status: 'ok' },
    'GET /session': fixtures.session,
    'GET /sign-in-ways': fixtures.linksOnly,
    'GET /projects': fixtures.projects,
    'GET /projects/demo': fixtures.project,
    'GET /projects/demo/progress': fixtures.progress,
    'GET /projects/demo/cycles': fixtures.page(fixtures.readyCycles),
    'GET /projects/demo/cycles/3': fixtures.readyCycles[0],
    'GET /projects/demo/cycles/4': fixtures.runningCycle,
    'GET /projects/demo/cycles/3/likely-label-errors': fixtures.labelErrors,
    'GET /projects/demo/exports/purity': fixtures.purity,
    'GET /projects/demo/learning-curve': fixtures.learningCurve,
    'GET /projects/demo/sources': fixtures.sources,
    'GET /projects/demo/jobs': fixtures.jobsDone,
    'GET /projects/demo/cycles/3/lineage': fixtures.lineage,
    'GET /projects/demo/cycles/3/class-changes': fixtures.classChanges,
    'GET /projects/demo/cycle-triggers': fixtures.triggersOff,
    'POST /projects/demo/cycles/check': fixtures.settingsCheck,
    'GET /projects/demo/review/agreement': fixtures.agreement,
    'GET /catalogue': fixtures.catalogue,
    ...changes,
  }
}

export const NOBODY = new Refusal(401, 'not-signed-in', 'Not signed in', 'Sign in first.')
