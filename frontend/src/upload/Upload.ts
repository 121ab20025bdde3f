/**
 * Sends chosen files to the service: small ones packed together, large ones in chunks, one request at a time. A lost
 * connection, a pause or a reload costs what the request under way had sent, no more.
 */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { ApiProblem, ConnectionError } from '../api/problem'
import { fingerprint, type ChosenFile } from './chosenFiles'
import { RateMeter } from './rateMeter'
import { packedSize, packTar } from './tar'

export interface UploadTransport {
  /** A new, empty upload's id. */
  begin(signal: AbortSignal): Promise<string>
  /** Bytes received of each file; null when the service does not know the upload any more. */
  contents(id: string, signal: AbortSignal): Promise<Map<string, number> | null>
  /** Add bytes at the end of a file; resolves with its new size. 409 with `size` for a wrong offset. */
  sendChunk(id: string, path: string, offset: number, chunk: Blob, signal: AbortSignal): Promise<number>
  /** Send whole files in one tar. */
  sendBatch(id: string, tar: Blob, signal: AbortSignal): Promise<void>
  discard(id: string): Promise<void>
}

/** Remembers which upload goes on after a reload: localStorage, or its like. */
export type UploadMemory = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** waiting: the connection is lost, and it tries again by itself. */
export type UploadPhase = 'ready' | 'sending' | 'waiting' | 'paused' | 'failed' | 'cancelled' | 'done'

export interface UploadState {
  readonly phase: UploadPhase
  readonly sentBytes: number
  readonly totalBytes: number
  readonly sentFiles: number
  readonly totalFiles: number
  readonly bytesPerSecond: number | null
  readonly secondsLeft: number | null
  /** Set once files are complete: what an import names. */
  readonly uploadId: string | null
  readonly error: unknown
}

export interface UploadLimits {
  /** Files smaller than this travel packed. */
  readonly smallBytes: number
  /** At most this much in a request. */
  readonly requestBytes: number
  readonly batchFiles: number
  readonly pausesMs: readonly number[]
}

/** A proxy may allow less in a request than the service does; below this it is not worth trying. */
const SMALLEST_REQUEST_BYTES = 64_000

const LIMITS: UploadLimits = {
  smallBytes: 1_000_000,
  requestBytes: 8_000_000,
  batchFiles: 1000,
  pausesMs: [500, 1000, 2000, 4000, 8000, 15_000],
}

export class Upload {
  readonly store: StoreApi<UploadState>
  private readonly key: string
  private readonly meter = new RateMeter()
  private abort = new AbortController()
  private id: string | null = null
  private running = false
  private requestBytes: number

  constructor(
    slug: string,
    readonly files: readonly ChosenFile[],
    private readonly transport: UploadTransport,
    private readonly memory: UploadMemory = localStorage,
    private readonly limits: UploadLimits = LIMITS,
  ) {
    this.requestBytes = limits.requestBytes
    this.key = `tomosift.upload.${slug}.${fingerprint(files)}`
    this.store = createStore<UploadState>(() => ({
      phase: 'ready',
      sentBytes: 0,
      totalBytes: files.reduce((sum, { file }) => sum + file.size, 0),
      sentFiles: 0,
      totalFiles: files.length,
      bytesPerSecond: null,
      secondsLeft: null,
      uploadId: null,
      error: null,
    }))
  }

  /** Send what is not there yet; also goes on after a pause or a failure. */
  async start(): Promise<void> {
    const { phase } = this.store.getState()
    if (this.running || phase === 'done' || phase === 'cancelled') return
    this.running = true
    this.abort = new AbortController()
    this.meter.restart()
    this.store.setState({ phase: 'sending', error: null })
    try {
      await this.sendAll(this.abort.signal)
    } catch (error) {
      if (!this.abort.signal.aborted) this.store.setState({ phase: 'failed', error })
    } finally {
      this.running = false
    }
    // Resumed while the stopped request was still winding up.
    if (this.store.getState().phase === 'sending') await this.start()
  }

  /** Stop until `start`. What the request under way had sent is sent again. */
  pause(): void {
    if (!this.running) return
    this.abort.abort()
    this.store.setState({ phase: 'paused', bytesPerSecond: null, secondsLeft: null })
  }

  /** Go on after a pause. */
  resume(): void {
    if (this.store.getState().phase !== 'paused') return
    this.store.setState({ phase: 'sending' })
    void this.start()
  }

  /** Stop for good and delete what was sent. */
  async cancel(): Promise<void> {
    this.store.setState({ phase: 'cancelled' })
    this.abort.abort()
    this.memory.removeItem(this.key)
    // Deleted after a week anyway, should this not arrive.
    if (this.id !== null) await this.transport.discard(this.id).catch(() => undefined)
  }

  /** The upload was imported: nothing goes on from it. */
  forget(): void {
    this.memory.removeItem(this.key)
  }

  private async sendAll(signal: AbortSignal): Promise<void> {
    const there = await this.persist(() => this.open(signal), [], signal)
    this.count(there)
    for (const batch of this.batches(there)) await this.sendBatch(batch, signal)
    for (const chosen of this.files) {
      const sent = there.get(chosen.path) ?? 0
      if (this.isSmall(chosen, there) || (sent === chosen.file.size && there.has(chosen.path))) continue
      await this.sendInChunks(chosen, sent, signal)
    }
    this.store.setState({ phase: 'done', uploadId: this.id, bytesPerSecond: null, secondsLeft: null })
  }

  /** The upload of an earlier try with what it holds, or a new one. */
  private async open(signal: AbortSignal): Promise<Map<string, number>> {
    const known = this.id ?? this.memory.getItem(this.key)
    const there = known === null ? null : await this.transport.contents(known, signal)
    this.id = there === null ? await this.transport.begin(signal) : known
    this.memory.setItem(this.key, this.id!)
    return there ?? new Map()
  }

  private isSmall({ path, file }: ChosenFile, there: Map<string, number>): boolean {
    // What was begun in chunks ends in chunks.
    return file.size < this.limits.smallBytes && (!there.has(path) || there.get(path) === file.size)
  }

  private *batches(there: Map<string, number>): Generator<ChosenFile[]> {
    let batch: ChosenFile[] = []
    let bytes = 0
    for (const chosen of this.files) {
      if (!this.isSmall(chosen, there) || there.has(chosen.path)) continue
      const size = packedSize(chosen.path, chosen.file.size)
      const isFull = bytes + size > this.requestBytes || batch.length >= this.limits.batchFiles
      if (batch.length > 0 && isFull) {
        yield batch
        batch = []
        bytes = 0
      }
      batch.push(chosen)
      bytes += size
    }
    if (batch.length > 0) yield batch
  }

  private async sendBatch(batch: ChosenFile[], signal: AbortSignal): Promise<void> {
    try {
      await this.persist(() => this.transport.sendBatch(this.id!, packTar(batch), signal), batch, signal)
    } catch (error) {
      if (!this.shrinksAfter(error)) throw error
      if (batch.length === 1) return this.sendInChunks(batch[0]!, 0, signal)
      const half = Math.ceil(batch.length / 2)
      await this.sendBatch(batch.slice(0, half), signal)
      return this.sendBatch(batch.slice(half), signal)
    }
    this.advance(
      batch.reduce((sum, { file }) => sum + file.size, 0),
      batch.length,
    )
  }

  private async sendInChunks(chosen: ChosenFile, from: number, signal: AbortSignal): Promise<void> {
    const { file } = chosen
    let sent = from
    do {
      try {
        const size = await this.persist(() => this.sendChunk(chosen, sent, signal), [chosen], signal)
        this.advance(size - sent, size === file.size ? 1 : 0)
        sent = size
      } catch (error) {
        if (!this.shrinksAfter(error)) throw error
      }
    } while (sent < file.size)
  }

  /** Send the bytes after `sent`; resolves with how many are there now. */
  private async sendChunk({ path, file }: ChosenFile, sent: number, signal: AbortSignal): Promise<number> {
    const chunk = file.slice(sent, sent + this.requestBytes)
    try {
      return await this.transport.sendChunk(this.id!, path, sent, chunk, signal)
    } catch (error) {
      // The answer to an earlier try was lost, its bytes were not.
      if (error instanceof ApiProblem && error.kind === 'wrong-offset') {
        const size = Number(error.body['size'])
        if (size > sent && size <= file.size) return size
      }
      throw error
    }
  }

  /** Whether the request was too large for something on the way, and smaller ones are still worth trying. */
  private shrinksAfter(error: unknown): boolean {
    if (!(error instanceof ApiProblem) || error.status !== 413 || error.kind === 'upload-too-large')
      return false
    if (this.requestBytes <= SMALLEST_REQUEST_BYTES) return false
    this.requestBytes = Math.max(SMALLEST_REQUEST_BYTES, Math.ceil(this.requestBytes / 2))
    return true
  }

  /** Do `work`, which sends `files`, again and again while only the connection is in the way. */
  private async persist<Result>(
    work: () => Promise<Result>,
    files: readonly ChosenFile[],
    signal: AbortSignal,
  ): Promise<Result> {
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted()
      try {
        const result = await work()
        signal.throwIfAborted()
        if (failures > 0) this.store.setState({ phase: 'sending' })
        return result
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error
        // A browser reports a file it can no longer read as a lost connection.
        if (error instanceof ConnectionError) await refuseUnreadable(files)
        this.store.setState({ phase: 'waiting', bytesPerSecond: null, secondsLeft: null })
        this.meter.restart()
        await pause(this.limits.pausesMs[Math.min(failures, this.limits.pausesMs.length - 1)] ?? 0, signal)
      }
    }
  }

  private count(there: Map<string, number>): void {
    let sentBytes = 0
    let sentFiles = 0
    for (const { path, file } of this.files) {
      sentBytes += Math.min(there.get(path) ?? 0, file.size)
      if (there.get(path) === file.size) sentFiles += 1
    }
    this.store.setState({ sentBytes, sentFiles })
    this.meter.add(0)
  }

  private advance(bytes: number, files: number): void {
    this.meter.add(bytes)
    const state = this.store.getState()
    const sentBytes = state.sentBytes + bytes
    const bytesPerSecond = this.meter.perSecond()
    this.store.setState({
      sentBytes,
      sentFiles: state.sentFiles + files,
      bytesPerSecond,
      secondsLeft: bytesPerSecond ? (state.totalBytes - sentBytes) / bytesPerSecond : null,
    })
  }
}

/** The file was moved, deleted or written to since it was chosen. */
export class FileChangedError extends Error {
  override readonly name = 'FileChangedError'
}

async function refuseUnreadable(files: readonly ChosenFile[]): Promise<void> {
  for (const { path, file } of files) {
    await file
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => {
        throw new FileChangedError(
          `${path} cannot be read any more: it was changed, moved or deleted since you chose it. Choose the files again.`,
        )
      })
  }
}

/** Trying again helps against a lost connection and a busy service, not against a refusal. */
function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError) return true
  return error instanceof ApiProblem && (error.status === 429 || [500, 502, 503, 504].includes(error.status))
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
