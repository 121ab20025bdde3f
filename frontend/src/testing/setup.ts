/** What browsers have and jsdom lacks, as far as the interface needs it to run in tests. */
import { cleanup, configure } from '@testing-library/react'
import { afterEach, beforeEach, vi } from 'vitest'
import { useConnection } from '../api/connection'
import { useCurrentUploads } from '../upload/currentUploads'
import { FakeEventSource } from './FakeEventSource'

// A busy machine may take long to load a page's part; a test that fails waits in vain anyway.
configure({ asyncUtilTimeout: 10_000 })

if (HTMLDialogElement.prototype.showModal === undefined) {
  HTMLDialogElement.prototype.showModal = function showModal(this: HTMLDialogElement) {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function close(this: HTMLDialogElement) {
    this.open = false
  }
}

window.matchMedia ??= (query) =>
  Object.assign(new EventTarget(), {
    matches: false,
    media: query,
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  }) as MediaQueryList

window.scrollTo = () => undefined

globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

globalThis.Path2D ??= class {
  moveTo(): void {}
  lineTo(): void {}
  arc(): void {}
  rect(): void {}
} as unknown as typeof Path2D

globalThis.ImageData ??= class {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
} as unknown as typeof ImageData

Blob.prototype.arrayBuffer ??= function arrayBuffer(this: Blob) {
  return new Promise((resolve) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result as ArrayBuffer)
    reader.readAsArrayBuffer(this)
  })
}

/** A drawing context that takes every call and draws nothing. */
const blankContext = new Proxy(
  { measureText: () => ({ width: 10 }) },
  {
    get: (target, name) => Reflect.get(target, name) ?? (() => undefined),
    set: () => true,
  },
)

beforeEach(() => {
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockImplementation(
    (kind: string) => (kind === '2d' ? blankContext : null) as never,
  )
  vi.stubGlobal('EventSource', FakeEventSource)
})

afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
  FakeEventSource.opened.length = 0
  useConnection.setState({ reachable: true, signedOut: false })
  useCurrentUploads.setState({}, true)
  localStorage.clear()
  window.history.replaceState(null, '', '/')
})
