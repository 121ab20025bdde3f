import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { PLAY_INTERVAL_MS, playSlices } from './slicePlayer'
import { createViewStore } from './viewStore'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('runs through the slices of its pane, turns at the ends, and stops', () => {
  const store = createViewStore('ada', 'p1')
  store.setState({ crosshair: [1, 2, 1] })
  const stop = playSlices(store, 'coronal', [4, 4, 4])
  const seen: number[] = []
  for (let tick = 0; tick < 8; tick++) {
    vi.advanceTimersByTime(PLAY_INTERVAL_MS)
    const [z, y, x] = store.getState().crosshair
    expect([z, x]).toEqual([1, 1])
    seen.push(y)
  }
  expect(seen).toEqual([3, 2, 1, 0, 1, 2, 3, 2])
  stop()
  vi.advanceTimersByTime(10 * PLAY_INTERVAL_MS)
  expect(store.getState().crosshair[1]).toBe(2)
})

it('goes on from where a hand has moved it', () => {
  const store = createViewStore('ada', 'p1')
  const stop = playSlices(store, 'axial', [20, 4, 4])
  vi.advanceTimersByTime(2 * PLAY_INTERVAL_MS)
  store.setState({ crosshair: [10, 0, 0] })
  vi.advanceTimersByTime(PLAY_INTERVAL_MS)
  expect(store.getState().crosshair[0]).toBe(11)
  stop()
})
