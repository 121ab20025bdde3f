/** Uploads over HTTP. */
import { ApiProblem } from '../api/problem'
import { rawRequest } from '../api/rawRequest'
import type { UploadTransport } from './Upload'

/** The uploads of one project. */
export function httpUploads(projectSlug: string): UploadTransport {
  const base = `/api/v1/projects/${encodeURIComponent(projectSlug)}/uploads`
  return {
    async begin(signal) {
      const response = await rawRequest(base, { method: 'POST', signal })
      return ((await response.json()) as { id: string }).id
    },
    async contents(id, signal) {
      try {
        return await uploadedFiles(projectSlug, id, signal)
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 404) return null
        throw error
      }
    },
    async sendChunk(id, path, offset, chunk, signal) {
      const where = path.split('/').map(encodeURIComponent).join('/')
      const response = await rawRequest(`${base}/${id}/files/${where}?offset=${offset}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: chunk,
        signal,
      })
      return ((await response.json()) as { size: number }).size
    },
    async sendBatch(id, tar, signal) {
      await rawRequest(`${base}/${id}/files`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-tar' },
        body: tar,
        signal,
      })
    },
    async discard(id) {
      await rawRequest(`${base}/${id}`, { method: 'DELETE', keepalive: true })
    },
  }
}

/** Every file of an upload with the bytes received, as the service lists them: one JSON object a line. */
export async function uploadedFiles(
  projectSlug: string,
  id: string,
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const url = `/api/v1/projects/${encodeURIComponent(projectSlug)}/uploads/${id}/files`
  const response = await rawRequest(url, signal ? { signal } : {})
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  return new Map(
    lines.map((line) => {
      const { path, size } = JSON.parse(line) as { path: string; size: number }
      return [path, size]
    }),
  )
}
