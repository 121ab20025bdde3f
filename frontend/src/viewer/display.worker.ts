/** Web worker: filters volumes and triangulates surfaces off the main thread. */
import { makeDisplayCopies, type CopiesRequest } from './displayCopies'
import { surfaceNets } from './surfaceNets'
import { withoutSpecks } from './surfaceSpecks'
import type { DisplayVolume } from './volume'

export type DisplayJob =
  | { readonly kind: 'copies'; readonly request: CopiesRequest }
  | { readonly kind: 'surface'; readonly density: DisplayVolume; readonly level: number }

export interface JobMessage {
  readonly id: number
  readonly job: DisplayJob
}

/** `result` is what `runJob` gave; `error` a message where it threw. */
export type JobReply = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string })

export function runJob(job: DisplayJob): unknown {
  if (job.kind === 'copies') return makeDisplayCopies(job.request)
  const mesh = surfaceNets(job.density, job.level)
  return mesh === null ? null : withoutSpecks(mesh)
}

// The module is also imported on the main thread, where there is no worker scope to answer to.
if (typeof document === 'undefined') {
  self.addEventListener('message', (event: MessageEvent<JobMessage>) => {
    const { id, job } = event.data
    let reply: JobReply
    try {
      reply = { id, result: runJob(job) }
    } catch (error) {
      reply = { id, error: error instanceof Error ? error.message : String(error) }
    }
    self.postMessage(reply)
  })
}
