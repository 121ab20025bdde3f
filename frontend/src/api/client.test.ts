import { beforeEach, describe, expect, it } from 'vitest'
import { NOBODY, Refusal, StubService } from '../testing/service'
import { api, bodyOf } from './client'
import { probe, reportUnreachable, useConnection } from './connection'
import { ApiProblem, ConnectionError, explain } from './problem'

let service: StubService

beforeEach(() => {
  service = new StubService({
    'GET /projects': { items: [], next: null },
    'GET /session': NOBODY,
    'GET /catalogue': NOBODY,
    'GET /users': () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
    'GET /tokens': () => new Response('<h1>Oops</h1>', { status: 500 }),
    'POST /projects': new Refusal(409, 'slug-taken', 'This name is taken', 'Choose another.'),
    'GET /healthz': { status: 'ok' },
  })
})

describe('the client', () => {
  it('names itself in every request, for the guard against forged ones', async () => {
    await api.GET('/api/v1/projects', {})
    expect(service.last('GET /projects').headers.get('X-Tomosift-Client')).toBe('web')
  })

  it('turns a problem answer into ApiProblem with its kind, title and detail', async () => {
    const call = api.POST('/api/v1/projects', { body: { name: 'A', classes: [{ name: 'rod' }] } })
    const error = await call.then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ApiProblem)
    expect(error).toMatchObject({ status: 409, kind: 'slug-taken' })
    expect(explain(error)).toEqual({ title: 'This name is taken', detail: 'Choose another.' })
    expect(useConnection.getState()).toEqual({ reachable: true, signedOut: false })
  })

  it('says what a broken service means even if it answers with a page of HTML', async () => {
    await expect(api.GET('/api/v1/tokens')).rejects.toMatchObject({
      status: 500,
      title: 'The service failed',
    })
  })

  it('reports an ended session, but not when only asking who is signed in', async () => {
    await expect(api.GET('/api/v1/session')).rejects.toBeInstanceOf(ApiProblem)
    expect(useConnection.getState().signedOut).toBe(false)
    await expect(api.GET('/api/v1/catalogue')).rejects.toBeInstanceOf(ApiProblem)
    expect(useConnection.getState().signedOut).toBe(true)
  })

  it.each(['no answer at all', 'a proxy without a service behind it'])(
    'reports a lost connection: %s',
    async (kind) => {
      service.down = kind === 'no answer at all'
      const call = service.down ? api.GET('/api/v1/projects', {}) : api.GET('/api/v1/users', {})
      await expect(call).rejects.toBeInstanceOf(ConnectionError)
      expect(useConnection.getState().reachable).toBe(false)
    },
  )

  it('reports the connection back with the first answer', async () => {
    reportUnreachable()
    await bodyOf(api.GET('/api/v1/projects', {}))
    expect(useConnection.getState().reachable).toBe(true)
  })
})

describe('probe', () => {
  it('tells whether the service is alive', async () => {
    service.down = true
    reportUnreachable()
    expect(await probe()).toBe(false)
    service.down = false
    expect(await probe()).toBe(true)
    expect(useConnection.getState().reachable).toBe(true)
  })
})
