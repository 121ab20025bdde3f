/** Prepares the drawn copies of volumes ahead of time, in a web worker, and remembers the last ones. */
import { runJob, type DisplayJob, type JobMessage, type JobReply } from './display.worker'
import type { DisplayCopies } from './displayCopies'
import { gaussianSigmaVoxels } from './lowPass'
import type { SurfaceMesh } from './surfaceNets'
import { rawDisplay, workingVoxelSize, type Volume } from './volume'

export interface DisplaySettings {
  /** Low-pass of the slices in ångström; 0 is off. */
  readonly lowPassAngstrom: number
  readonly proteinIsDark: boolean
}

/**
 * The least the 3D view is smoothed, in voxels (a Gaussian's σ): without it the projection of a box at the
 * signal-to-noise ratio of a tomogram shows nothing but noise.
 */
export const LEAST_DENSITY_SIGMA = 1.2
const REMEMBERED_VOLUMES = 16

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export class DisplayPreparer {
  private worker: Worker | null = null
  private nextId = 1
  private readonly waiting = new Map<number, Waiting>()
  private readonly copies = new Map<
    string,
    { ready: DisplayCopies | null; promise: Promise<DisplayCopies> }
  >()
  private disposed = false

  constructor() {
    if (typeof Worker === 'undefined') return
    try {
      this.worker = new Worker(new URL('./display.worker.ts', import.meta.url), { type: 'module' })
    } catch {
      return // A browser policy forbids workers: the main thread does the work.
    }
    this.worker.addEventListener('message', (event: MessageEvent<JobReply>) => this.settle(event.data))
    this.worker.addEventListener('error', () => this.giveUpWorker())
  }

  /** The copies, if they are ready now. */
  peek(volume: Volume, settings: DisplaySettings): DisplayCopies | null {
    return this.copies.get(keyOf(volume, settings))?.ready ?? null
  }

  /** The copies of a volume under these settings; computed once, whoever asks. */
  prepare(volume: Volume, settings: DisplaySettings): Promise<DisplayCopies> {
    const key = keyOf(volume, settings)
    const known = this.copies.get(key)
    if (known !== undefined) {
      this.copies.delete(key) // The last used go last, so the oldest are forgotten first.
      this.copies.set(key, known)
      return known.promise
    }
    const sliceSigma = gaussianSigmaVoxels(
      settings.lowPassAngstrom,
      workingVoxelSize(volume.voxelSizeAngstrom),
    )
    const request = {
      raw: rawDisplay(volume),
      sliceSigma,
      densitySigma: Math.max(sliceSigma, LEAST_DENSITY_SIGMA),
      proteinIsDark: settings.proteinIsDark,
    }
    const promise = this.run({ kind: 'copies', request }) as Promise<DisplayCopies>
    const entry: { ready: DisplayCopies | null; promise: Promise<DisplayCopies> } = { ready: null, promise }
    this.copies.set(key, entry)
    promise.then(
      (ready) => (entry.ready = ready),
      () => this.copies.delete(key),
    )
    this.forgetOldest()
    return promise
  }

  /** The surface of a density copy at `levelByte`, or null where it would be too large to draw. */
  surface(copies: DisplayCopies, levelByte: number): Promise<SurfaceMesh | null> {
    return this.run({
      kind: 'surface',
      density: copies.density,
      level: levelByte,
    }) as Promise<SurfaceMesh | null>
  }

  dispose(): void {
    this.disposed = true
    this.worker?.terminate()
    this.worker = null
    this.waiting.clear()
    this.copies.clear()
  }

  private run(job: DisplayJob): Promise<unknown> {
    const { worker } = this
    if (worker === null) return Promise.resolve().then(() => runJob(job))
    return new Promise((resolve, reject) => {
      const id = this.nextId++
      this.waiting.set(id, { resolve, reject })
      this.pending.set(id, job)
      const message: JobMessage = { id, job }
      worker.postMessage(message)
    })
  }

  /** The jobs under way, so that they can be done here if the worker cannot be loaded. */
  private readonly pending = new Map<number, DisplayJob>()

  private settle(reply: JobReply): void {
    const waiting = this.waiting.get(reply.id)
    this.waiting.delete(reply.id)
    this.pending.delete(reply.id)
    if (waiting === undefined || this.disposed) return
    if ('error' in reply) waiting.reject(new Error(reply.error))
    else waiting.resolve(reply.result)
  }

  private giveUpWorker(): void {
    this.worker?.terminate()
    this.worker = null
    for (const [id, job] of this.pending) this.settle({ id, result: runJob(job) })
  }

  private forgetOldest(): void {
    for (const key of this.copies.keys()) {
      if (this.copies.size <= REMEMBERED_VOLUMES) return
      this.copies.delete(key)
    }
  }
}

function keyOf(volume: Volume, settings: DisplaySettings): string {
  return `${volume.id}|${settings.lowPassAngstrom}|${settings.proteinIsDark}`
}
