import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeEventSource } from '../testing/FakeEventSource'
import { HIDDEN_GRACE_MS, projectEventStream, ProjectEventStream } from './eventStream'

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden)
  document.dispatchEvent(new Event('visibilitychange'))
}

describe('ProjectEventStream', () => {
  let stream: ProjectEventStream
  const stops: (() => void)[] = []
  const listen = (listener: (name: string, data: unknown) => void) => {
    const stop = stream.subscribe(listener)
    stops.push(stop)
    return stop
  }

  beforeEach(() => {
    vi.useFakeTimers()
    stream = new ProjectEventStream('/api/v1/projects/demo/events')
  })
  afterEach(() => {
    for (const stop of stops.splice(0)) stop()
    vi.useRealTimers()
  })

  it('shares one connection, and closes it with the last listener', () => {
    const stopFirst = listen(() => undefined)
    const stopSecond = listen(() => undefined)
    expect(FakeEventSource.opened).toHaveLength(1)
    stopFirst()
    expect(FakeEventSource.last.readyState).not.toBe(FakeEventSource.CLOSED)
    stopSecond()
    expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED)
  })

  it('hands each event with its data to every listener', () => {
    const heard: unknown[] = []
    listen((name, data) => heard.push([name, data]))
    FakeEventSource.last.send('cycle', { number: 3, stage: 'score' })
    expect(heard).toEqual([['cycle', { number: 3, stage: 'score' }]])
  })

  it('passes over an event that was cut short', () => {
    const listener = vi.fn()
    listen(listener)
    FakeEventSource.last.sendText('cycle', '{"number": 3, "st')
    FakeEventSource.last.send('hello', {})
    expect(listener.mock.calls).toEqual([['hello', {}]])
  })

  it('leaves a cut to the browser, but connects again itself after an HTTP error', () => {
    listen(() => undefined)
    FakeEventSource.last.onerror?.() // still CONNECTING: the browser retries
    vi.advanceTimersByTime(60_000)
    expect(FakeEventSource.opened).toHaveLength(1)
    FakeEventSource.last.fail()
    vi.advanceTimersByTime(2000)
    expect(FakeEventSource.opened).toHaveLength(2)
  })

  it('waits longer after each failure, at most half a minute, and soon again after a success', () => {
    listen(() => undefined)
    for (let failure = 0; failure < 8; failure += 1) {
      FakeEventSource.last.fail()
      vi.advanceTimersByTime(40_000)
    }
    expect(FakeEventSource.opened).toHaveLength(9)
    FakeEventSource.last.fail()
    vi.advanceTimersByTime(20_000)
    expect(FakeEventSource.opened).toHaveLength(9)
    vi.advanceTimersByTime(20_000)
    expect(FakeEventSource.opened).toHaveLength(10)
    FakeEventSource.last.connect()
    FakeEventSource.last.fail()
    vi.advanceTimersByTime(1300)
    expect(FakeEventSource.opened).toHaveLength(11)
  })

  it('lets go of its connection in a tab that stays hidden, and takes it up when the tab is looked at', () => {
    listen(() => undefined)
    setHidden(true)
    vi.advanceTimersByTime(HIDDEN_GRACE_MS - 1)
    expect(FakeEventSource.last.readyState).not.toBe(FakeEventSource.CLOSED)
    vi.advanceTimersByTime(1)
    expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED)
    setHidden(false)
    expect(FakeEventSource.opened).toHaveLength(2)
  })

  it('keeps its connection over a short look elsewhere', () => {
    listen(() => undefined)
    setHidden(true)
    vi.advanceTimersByTime(1000)
    setHidden(false)
    vi.advanceTimersByTime(HIDDEN_GRACE_MS)
    expect(FakeEventSource.opened).toHaveLength(1)
  })
})

it('gives one stream per project', () => {
  expect(projectEventStream('demo')).toBe(projectEventStream('demo'))
  expect(projectEventStream('demo')).not.toBe(projectEventStream('other'))
})
