/** An EventSource driven by the test. */
export class FakeEventSource extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 2
  /** All that were opened in this test, oldest first. */
  static readonly opened: FakeEventSource[] = []

  readyState = FakeEventSource.CONNECTING
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null

  constructor(readonly url: string) {
    super()
    FakeEventSource.opened.push(this)
  }

  /** The newest one. */
  static get last(): FakeEventSource {
    const source = FakeEventSource.opened.at(-1)
    if (source === undefined) throw new Error('No stream was opened.')
    return source
  }

  connect(): void {
    this.readyState = FakeEventSource.OPEN
    this.onopen?.()
  }

  send(name: string, data: unknown): void {
    this.sendText(name, JSON.stringify(data))
  }

  sendText(name: string, data: string): void {
    this.dispatchEvent(new MessageEvent(name, { data }))
  }

  /** The server answered with an error, after which a browser does not connect again. */
  fail(): void {
    this.readyState = FakeEventSource.CLOSED
    this.onerror?.()
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED
  }
}
