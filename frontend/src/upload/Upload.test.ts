import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiProblem, ConnectionError } from '../api/problem'
import type { ChosenFile } from './chosenFiles'
import { Upload, type UploadLimits, type UploadTransport } from './Upload'

const LIMITS: UploadLimits = { smallBytes: 100, requestBytes: 4096, batchFiles: 3, pausesMs: [0] }

function chosen(path: string, size: number): ChosenFile {
  return { path, file: new File(['x'.repeat(size)], path, { lastModified: 1 }) }
}

function refusal(status: number, kind: string, extra: object = {}): ApiProblem {
  return new ApiProblem({ type: `urn:tomosift:problem:${kind}`, title: kind, status, detail: kind, ...extra })
}

/** An upload folder as the service keeps it; the next calls fail with what is put into `failures`. */
class TestTransport implements UploadTransport {
  files = new Map<string, number>()
  known = new Set<string>()
  failures: (Error | undefined)[] = []
  /** Fails after the bytes were stored: the answer is lost. */
  lostAnswers: Error[] = []
  calls: string[] = []
  onCall: () => void = () => undefined

  private step(call: string): void {
    this.calls.push(call)
    this.onCall()
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
  }

  async begin(): Promise<string> {
    this.step('begin')
    this.known.add('u1')
    return 'u1'
  }

  async contents(id: string): Promise<Map<string, number> | null> {
    this.step('contents')
    return this.known.has(id) ? new Map(this.files) : null
  }

  async sendChunk(
    _id: string,
    path: string,
    offset: number,
    chunk: Blob,
    signal: AbortSignal,
  ): Promise<number> {
    this.step(`chunk ${path} ${offset}+${chunk.size}`)
    signal.throwIfAborted()
    const size = this.files.get(path) ?? 0
    if (size !== offset) throw refusal(409, 'wrong-offset', { size })
    this.files.set(path, size + chunk.size)
    const lost = this.lostAnswers.shift()
    if (lost !== undefined) throw lost
    return size + chunk.size
  }

  async sendBatch(_id: string, tar: Blob, signal: AbortSignal): Promise<void> {
    const bytes = new Uint8Array(await tar.arrayBuffer())
    const text = (at: number, length: number): string =>
      new TextDecoder().decode(bytes.subarray(at, at + length)).replace(/\0.*$/, '')
    const packed: [string, number][] = []
    for (let at = 0; text(at, 100) !== '';) {
      const size = parseInt(text(at + 124, 11), 8)
      packed.push([text(at, 100), size])
      at += 512 + Math.ceil(size / 512) * 512
    }
    this.step(`batch ${packed.map(([path]) => path).join(' ')}`)
    signal.throwIfAborted()
    for (const [path, size] of packed) this.files.set(path, size)
  }

  async discard(id: string): Promise<void> {
    this.step('discard')
    this.known.delete(id)
  }
}

describe('an upload', () => {
  let transport: TestTransport
  const files = [chosen('a.star', 20), chosen('big.mrcs', 10_000), chosen('c.mrc', 30)]
  const make = (of = files, limits = LIMITS) => new Upload('demo', of, transport, localStorage, limits)
  beforeEach(() => {
    transport = new TestTransport()
  })
  const complete = () => Object.fromEntries(transport.files)

  it('packs small files and sends large ones in chunks', async () => {
    const upload = make()
    await upload.start()
    expect(transport.calls).toEqual([
      'begin',
      'batch a.star c.mrc',
      'chunk big.mrcs 0+4096',
      'chunk big.mrcs 4096+4096',
      'chunk big.mrcs 8192+1808',
    ])
    expect(upload.store.getState()).toMatchObject({
      phase: 'done',
      uploadId: 'u1',
      sentBytes: 10_050,
      sentFiles: 3,
    })
  })

  it('fills batches by number and by size', async () => {
    await make([1, 2, 3, 4].map((n) => chosen(`${n}.mrc`, 10))).start()
    expect(transport.calls.slice(1)).toEqual(['batch 1.mrc 2.mrc 3.mrc', 'batch 4.mrc'])
    transport = new TestTransport()
    const small = { ...LIMITS, requestBytes: 2100 }
    await make(
      [5, 6, 7].map((n) => chosen(`${n}.mrc`, 10)),
      small,
    ).start()
    expect(transport.calls.slice(1)).toEqual(['batch 5.mrc 6.mrc', 'batch 7.mrc'])
  })

  it('sends an empty file', async () => {
    await make([chosen('empty.txt', 0)]).start()
    expect(complete()).toEqual({ 'empty.txt': 0 })
  })

  it('goes on by itself after lost connections', async () => {
    const gone = new ConnectionError(new Error('gone'))
    transport.failures = [gone, undefined, gone, undefined, gone, gone]
    const upload = make()
    const phases: string[] = []
    upload.store.subscribe(({ phase }) => phases.at(-1) !== phase && phases.push(phase))
    await upload.start()
    expect(phases).toEqual([
      'sending',
      'waiting',
      'sending',
      'waiting',
      'sending',
      'waiting',
      'sending',
      'done',
    ])
    expect(complete()).toEqual({ 'a.star': 20, 'big.mrcs': 10_000, 'c.mrc': 30 })
    expect(upload.store.getState()).toMatchObject({ sentBytes: 10_050, sentFiles: 3 })
  })

  it('does not send a chunk twice whose answer was lost', async () => {
    transport.lostAnswers = [new ConnectionError(new Error('gone'))]
    await make().start()
    expect(complete()['big.mrcs']).toBe(10_000)
    expect(transport.calls.filter((call) => call === 'chunk big.mrcs 4096+4096')).toHaveLength(1)
  })

  it('stops at a refusal, and goes on from there when told to', async () => {
    transport.failures = [undefined, undefined, undefined, refusal(507, 'disk-full')]
    const upload = make()
    await upload.start()
    expect(upload.store.getState()).toMatchObject({
      phase: 'failed',
      error: { kind: 'disk-full' },
      uploadId: null,
    })
    transport.calls = []
    await upload.start()
    expect(transport.calls).toEqual(['contents', 'chunk big.mrcs 4096+4096', 'chunk big.mrcs 8192+1808'])
    expect(upload.store.getState()).toMatchObject({ phase: 'done', sentBytes: 10_050, sentFiles: 3 })
  })

  it('goes on after a reload with the same files, and begins anew with others', async () => {
    const before = make()
    transport.onCall = () => transport.calls.length === 4 && before.pause()
    await before.start()
    expect(before.store.getState().phase).toBe('paused')
    transport.onCall = () => undefined
    transport.calls = []
    await make([...files]).start()
    expect(transport.calls).toEqual(['contents', 'chunk big.mrcs 4096+4096', 'chunk big.mrcs 8192+1808'])
    transport.calls = []
    await make([chosen('a.star', 21)]).start()
    expect(transport.calls[0]).toBe('begin')
  })

  it('begins anew when the service has deleted the upload', async () => {
    await make().start()
    transport.known.clear()
    transport.files.clear()
    transport.calls = []
    await make().start()
    expect(transport.calls.slice(0, 3)).toEqual(['contents', 'begin', 'batch a.star c.mrc'])
  })

  it('pauses and resumes', async () => {
    const upload = make()
    transport.onCall = () => {
      if (transport.calls.length === 3) upload.pause()
    }
    await upload.start()
    const paused = transport.calls.length
    expect(upload.store.getState().phase).toBe('paused')
    upload.resume()
    await vi.waitFor(() => expect(upload.store.getState().phase).toBe('done'))
    expect(transport.calls.slice(paused)[0]).toBe('contents')
    expect(complete()).toEqual({ 'a.star': 20, 'big.mrcs': 10_000, 'c.mrc': 30 })
  })

  it('deletes what was sent when it is cancelled, and nothing remembers it', async () => {
    const upload = make()
    transport.onCall = () => transport.calls.length === 3 && void upload.cancel()
    await upload.start()
    expect(upload.store.getState().phase).toBe('cancelled')
    expect(transport.calls).toContain('discard')
    expect(localStorage.length).toBe(0)
    await upload.start()
    expect(upload.store.getState().phase).toBe('cancelled')
  })

  it('sends less at once where something on the way allows less', async () => {
    const tooLarge = refusal(413, 'request-too-large')
    const limits = { ...LIMITS, requestBytes: 300_000, smallBytes: 1000 }
    transport.failures = [undefined, tooLarge, undefined, undefined, tooLarge]
    await make([chosen('a.star', 20), chosen('big.mrcs', 200_000), chosen('c.mrc', 30)], limits).start()
    expect(transport.calls.slice(1)).toEqual([
      'batch a.star c.mrc',
      'batch a.star',
      'batch c.mrc',
      'chunk big.mrcs 0+150000',
      'chunk big.mrcs 0+75000',
      'chunk big.mrcs 75000+75000',
      'chunk big.mrcs 150000+50000',
    ])
  })

  it('stops where the whole upload is too large', async () => {
    transport.failures = [undefined, refusal(413, 'upload-too-large')]
    const upload = make()
    await upload.start()
    expect(upload.store.getState()).toMatchObject({ phase: 'failed', error: { status: 413 } })
  })

  it('names a file that changed since it was chosen', async () => {
    const lost = chosen('moved.mrc', 10)
    vi.spyOn(lost.file, 'slice').mockReturnValue({
      arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')),
    } as unknown as Blob)
    transport.failures = [undefined, new ConnectionError(new Error('Failed to fetch'))]
    const upload = make([lost])
    await upload.start()
    expect(String(upload.store.getState().error)).toContain('moved.mrc cannot be read any more')
  })
})
