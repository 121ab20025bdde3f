import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ViewerStage from './ViewerStage'
import { createViewStore } from './viewStore'
import type { Volume } from './volume'

const volume = (id: string): Volume => ({
  id,
  shape: [8, 8, 8],
  voxelSizeAngstrom: 10,
  bytes: new Uint8Array(512),
  scale: 1,
  offset: 0,
  mean: 0,
  std: 1,
})

let reduced = false
beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('matchMedia', () => ({ matches: reduced }))
})
afterEach(() => {
  vi.useRealTimers()
})

const stage = (store: ReturnType<typeof createViewStore>, shown: Volume): React.ReactElement => (
  <ViewerStage
    store={store}
    volume={shown}
    upcoming={[]}
    denoised={new Map()}
    denoisedNote={null}
    proteinIsDark
    onDisplay={() => undefined}
    onPainted={() => undefined}
  />
)

it('plays on through the next volume, from its middle', () => {
  reduced = false
  const store = createViewStore('ada', 'p1')
  const { rerender } = render(stage(store, volume('a')))
  act(() => store.setState({ playing: 'axial' }))
  act(() => void vi.advanceTimersByTime(300))
  expect(store.getState().crosshair[0]).toBe(7)
  rerender(stage(store, volume('b')))
  expect(store.getState()).toMatchObject({ playing: 'axial', crosshair: [4, 4, 4] })
  act(() => void vi.advanceTimersByTime(200))
  expect(store.getState().crosshair[0]).toBe(6)
  expect(screen.getByRole('application').getAttribute('aria-label')).toContain('XY slice 7 of 8')
})

it('does not start by itself where less motion is asked for', () => {
  reduced = true
  const store = createViewStore('ada', 'p1')
  const { rerender } = render(stage(store, volume('a')))
  act(() => store.setState({ playing: 'axial' }))
  act(() => void vi.advanceTimersByTime(100))
  expect(store.getState().crosshair[0]).toBe(5)
  rerender(stage(store, volume('b')))
  act(() => void vi.advanceTimersByTime(500))
  expect(store.getState()).toMatchObject({ playing: null, crosshair: [4, 4, 4] })
})
