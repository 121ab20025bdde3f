/**
 * One stream of server-sent events per project and tab, shared by everything that listens.
 *
 * EventSource reconnects by itself after a cut, but gives up on an HTTP error; then we try again with a growing pause.
 * A hidden tab lets go of its stream after a minute, because browsers allow six HTTP/1.1 connections per host.
 */
import type { CycleStage, Job } from './types'

export interface ProjectEvents {
  hello: object
  job: { job: Pick<Job, 'id' | 'kind' | 'state' | 'progress'>; cycle_number: number | null }
  cycle: { number: number; stage: CycleStage }
  queue: { cycle_number: number | null; reason: string }
  decision: { labeled: number }
}
export type ProjectEventName = keyof ProjectEvents
export type ProjectEventListener = <Name extends ProjectEventName>(
  name: Name,
  data: ProjectEvents[Name],
) => void

const NAMES: ProjectEventName[] = ['hello', 'job', 'cycle', 'queue', 'decision']
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
export const HIDDEN_GRACE_MS = 60_000

export class ProjectEventStream {
  private source: EventSource | null = null
  private readonly listeners = new Set<ProjectEventListener>()
  private failures = 0
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly url: string) {}

  /** Listen; the returned function stops listening. The connection lives while anyone listens. */
  subscribe(listener: ProjectEventListener): () => void {
    this.listeners.add(listener)
    if (this.listeners.size === 1) this.start()
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size === 0) this.stop()
    }
  }

  private start(): void {
    document.addEventListener('visibilitychange', this.onVisibility)
    this.connect()
  }

  private stop(): void {
    document.removeEventListener('visibilitychange', this.onVisibility)
    clearTimeout(this.hiddenTimer)
    this.disconnect()
  }

  private connect(): void {
    if (this.source !== null) return
    const source = new EventSource(this.url)
    this.source = source
    source.onopen = () => {
      this.failures = 0
    }
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) this.retryLater()
    }
    for (const name of NAMES)
      source.addEventListener(name, (event) => this.dispatch(name, event as MessageEvent))
  }

  private disconnect(): void {
    clearTimeout(this.retryTimer)
    this.source?.close()
    this.source = null
  }

  private retryLater(): void {
    this.disconnect()
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures)
    this.failures += 1
    // Spread out, so that a lab's browsers do not all come back in the same instant.
    this.retryTimer = setTimeout(() => this.connect(), pause * (0.75 + Math.random() / 2))
  }

  private dispatch<Name extends ProjectEventName>(name: Name, event: MessageEvent<string>): void {
    let data: ProjectEvents[Name]
    try {
      data = JSON.parse(event.data || '{}') as ProjectEvents[Name]
    } catch {
      return // a truncated event says nothing; the next `hello` reloads everything
    }
    for (const listener of this.listeners) listener(name, data)
  }

  private readonly onVisibility = (): void => {
    clearTimeout(this.hiddenTimer)
    if (document.hidden) this.hiddenTimer = setTimeout(() => this.disconnect(), HIDDEN_GRACE_MS)
    else this.connect()
  }
}

const streams = new Map<string, ProjectEventStream>()

/** The stream of one project. */
export function projectEventStream(slug: string): ProjectEventStream {
  const url = `/api/v1/projects/${encodeURIComponent(slug)}/events`
  let stream = streams.get(url)
  if (stream === undefined) {
    stream = new ProjectEventStream(url)
    streams.set(url, stream)
  }
  return stream
}
