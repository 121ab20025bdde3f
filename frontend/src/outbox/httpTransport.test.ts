import { describe, expect, it } from 'vitest'
import { useConnection } from '../api/connection'
import { NOBODY, Refusal, StubService } from '../testing/service'
import type { DecisionBody } from './entries'
import { httpTransport } from './httpTransport'
import { TransportError } from './transport'

const transport = httpTransport('u1')

const body: DecisionBody = {
  subtomogram_id: 7,
  lease_id: 3,
  fencing_token: 3,
  kind: 'class',
  class_id: 'c1',
  duration_ms: 900,
  comment: null,
  decided_at: '2026-11-20T12:00:00Z',
}

async function failure(call: Promise<unknown>): Promise<TransportError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof TransportError)) throw new Error(`expected a TransportError, got ${String(error)}`)
  return error
}

describe('httpTransport', () => {
  it('sends a decision under its key, and says who calls', async () => {
    const answer = { event_id: 12, status: 'accepted', label: null }
    const service = new StubService({ 'POST /projects/my%20project/decisions': answer })
    expect(await transport.sendDecision('my project', 'key-1', body)).toEqual(answer)
    const asked = service.last('POST /projects/my%20project/decisions')
    expect(asked.body).toEqual(body)
    expect(asked.headers.get('Idempotency-Key')).toBe('key-1')
    expect(asked.headers.get('X-Tomosift-Client')).toBe('web')
    expect(asked.headers.get('Expected-User')).toBe('u1')
  })

  it('keeps what somebody else was about to send: it waits until its author is signed in', async () => {
    new StubService({
      'POST /projects/demo/decisions': new Refusal(
        412,
        'another-user',
        'Somebody else is signed in',
        'Sign in.',
      ),
    })
    expect(await failure(transport.sendDecision('demo', 'k', body))).toMatchObject({ again: 'after-sign-in' })
  })

  it('sends an undo by the number of the decision', async () => {
    const service = new StubService({ 'POST /projects/demo/decisions/12/undo': { event_id: 13, task: null } })
    expect(await transport.sendUndo('demo', 'key-2', 12)).toEqual({ event_id: 13, task: null })
    expect(service.last('POST /projects/demo/decisions/12/undo').headers.get('Idempotency-Key')).toBe('key-2')
  })

  it('knows who is signed in, and that nobody is', async () => {
    new StubService({ 'GET /session': { user: { id: 'u1' } } })
    expect(await transport.currentUserId()).toBe('u1')
    new StubService({ 'GET /session': NOBODY })
    expect(await transport.currentUserId()).toBeNull()
    expect(useConnection.getState().signedOut).toBe(true)
  })

  it('passes on why the service refuses', async () => {
    new StubService({
      'POST /projects/demo/decisions': new Refusal(422, 'unknown-class', 'No such class', 'Reload.'),
    })
    expect(await failure(transport.sendDecision('demo', 'k', body))).toMatchObject({
      again: 'never',
      status: 422,
      title: 'No such class',
      detail: 'Reload.',
    })
  })

  it('takes a cut line, a proxy and a captive portal for no connection', async () => {
    const service = new StubService({})
    service.down = true
    expect(await failure(transport.sendDecision('demo', 'k', body))).toMatchObject({
      again: 'later',
      status: 0,
    })
    expect(useConnection.getState().reachable).toBe(false)
    for (const [text, status] of [
      ['<html>Bad gateway</html>', 502],
      ['<html>Accept the terms of this Wi-Fi</html>', 200],
    ] as const) {
      new StubService({ 'POST /projects/demo/decisions': () => new Response(text, { status }) })
      expect(await failure(transport.sendDecision('demo', 'k', body))).toMatchObject({
        again: 'later',
        status: 0,
      })
    }
  })

  it('waits as long as a busy service asks for', async () => {
    new StubService({
      'POST /projects/demo/decisions': () =>
        new Response('{}', { status: 429, headers: { 'Retry-After': '7' } }),
    })
    expect(await failure(transport.sendDecision('demo', 'k', body))).toMatchObject({
      again: 'later',
      retryAfterSeconds: 7,
    })
  })
})
