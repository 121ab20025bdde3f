import { expect, it, vi } from 'vitest'
import { ApiProblem, ConnectionError } from '../api/problem'
import { httpUploads, uploadedFiles } from './httpUploads'

const { signal } = new AbortController()

function answer(response: Response | Error) {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => {
    if (response instanceof Error) throw response
    return response
  })
  vi.stubGlobal('fetch', fetch)
  return fetch
}

it('sends a chunk to the file’s path, each part of it encoded', async () => {
  const fetch = answer(Response.json({ path: 'x', size: 12 }))
  const size = await httpUploads('my project').sendChunk('u1', 'run 1/50%.mrc', 8, new Blob(['abcd']), signal)
  expect(size).toBe(12)
  const [url, init] = fetch.mock.calls[0]!
  expect(url).toBe('/api/v1/projects/my%20project/uploads/u1/files/run%201/50%25.mrc?offset=8')
  expect(init.method).toBe('PUT')
  expect(new Headers(init.headers).get('X-Tomosift-Client')).toBe('web')
})

it('reads what came, line by line; an upload that is gone is no error', async () => {
  answer(new Response('{"path": "a.star", "size": 3}\n{"path": "b/c.mrc", "size": 0}\n'))
  expect([...(await uploadedFiles('demo', 'u1'))]).toEqual([
    ['a.star', 3],
    ['b/c.mrc', 0],
  ])
  answer(Response.json({ type: 'x', title: 'Not found', detail: 'No such upload.' }, { status: 404 }))
  expect(await httpUploads('demo').contents('u1', signal)).toBeNull()
})

it('tells a lost connection from a refusal', async () => {
  answer(new TypeError('Failed to fetch'))
  await expect(httpUploads('demo').begin(signal)).rejects.toBeInstanceOf(ConnectionError)
  answer(Response.json({ type: 'urn:x:disk-full', title: 'Full', detail: 'Full.' }, { status: 507 }))
  await expect(httpUploads('demo').sendBatch('u1', new Blob([]), signal)).rejects.toBeInstanceOf(ApiProblem)
})
