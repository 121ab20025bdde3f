import { fireEvent, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it } from 'vitest'
import { COLOUR_MAPS, GAMMA_LIMITS } from '../colours'
import { counted } from '../contrast'
import { INITIAL_VIEW, type ViewStore } from '../viewState'
import { createViewStore } from '../viewStore'
import type { DisplayVolume } from '../volume'
import { gammaToStep, stepToGamma } from './ColourControls'
import { ViewerControls } from './ViewerControls'

const display: DisplayVolume = {
  shape: [4, 8, 8],
  bytes: Uint8Array.from({ length: 256 }, (_, i) => i),
  sigmaPerByte: 0.02,
  sigmaAtZero: -2.56,
}

let store: ViewStore
beforeEach(() => {
  localStorage.clear()
  store = createViewStore('ada', 'p1')
})

const show = (shown: DisplayVolume | null = counted(display)): ReturnType<typeof render> =>
  render(<ViewerControls store={store} volume={null} display={shown} />)
const slide = (name: string, value: number): boolean =>
  fireEvent.change(screen.getByRole('slider', { name }), { target: { value } })

describe('contrast', () => {
  it('is set by two sliders in σ, which never cross', () => {
    show()
    slide('Contrast, lower end', 1)
    expect(store.getState().window).toEqual([1, 3])
    slide('Contrast, upper end', 0.5)
    expect(store.getState().window).toEqual([1, 1.2])
    expect(screen.getByText('1.0 to 1.2 σ')).toBeDefined()
    const lower = screen.getByRole('slider', { name: 'Contrast, lower end' })
    expect(lower.getAttribute('aria-valuetext')).toBe('1.0 sigma')
  })

  it('shows a histogram when the worker has counted, and none before', () => {
    const { container, rerender } = show(display)
    expect(container.querySelector('svg[aria-hidden] path')).toBeNull()
    rerender(<ViewerControls store={store} volume={null} display={counted(display)} />)
    expect(container.querySelector('svg[aria-hidden] path')?.getAttribute('d')).toMatch(/^M0 1 L0\.5/)
  })

  it('fits itself to the volume', async () => {
    show()
    await userEvent.click(screen.getByRole('button', { name: 'Auto' }))
    const [low, high] = store.getState().window
    expect(low).toBeCloseTo(-2.54)
    expect(high).toBeCloseTo(2.52)
  })
})

describe('colours', () => {
  it('offers gamma, every map and a reset, and closes on Escape', async () => {
    const user = userEvent.setup()
    show()
    store.setState({ invert: true, window: [0, 1] })
    const toggle = screen.getByRole('button', { name: 'Colours' })
    await user.click(toggle)
    const panel = within(screen.getByRole('group', { name: 'Gamma and colour map' }))
    fireEvent.change(panel.getByRole('slider', { name: 'Gamma' }), { target: { value: 60 } })
    expect(store.getState().gamma).toBe(3)
    expect(within(panel.getByRole('group', { name: 'Colour map' })).getAllByRole('button')).toHaveLength(
      COLOUR_MAPS.length,
    )
    await user.click(panel.getByRole('button', { name: 'Ember' }))
    expect(store.getState().colourMap).toBe('ember')
    expect(panel.getByRole('button', { name: 'Ember' }).getAttribute('aria-pressed')).toBe('true')
    await user.click(panel.getByRole('button', { name: 'Reset contrast and colours' }))
    expect(store.getState()).toEqual(INITIAL_VIEW)
    await user.keyboard('{Escape}')
    expect(screen.queryByRole('group', { name: 'Gamma and colour map' })).toBeNull()
    expect(document.activeElement).toBe(toggle)
  })

  it('has gamma 1 in the middle of its slider and the limits at its ends', () => {
    expect([0, 30, 60].map(stepToGamma)).toEqual([GAMMA_LIMITS[0], 1, GAMMA_LIMITS[1]])
    for (let step = 0; step <= 60; step++) expect(gammaToStep(stepToGamma(step))).toBe(step)
  })
})

describe('slices', () => {
  it('are put together as chosen', async () => {
    const user = userEvent.setup()
    show()
    await user.click(screen.getByRole('button', { name: 'More slices in one picture' }))
    await user.click(screen.getByRole('button', { name: 'Several slices show: Mean' }))
    expect(store.getState()).toMatchObject({ slab: 3, slabMode: 'max' })
    expect(screen.getByRole('button', { name: 'Several slices show: Max' })).toBeDefined()
  })

  it('run by and stop', async () => {
    const user = userEvent.setup()
    show()
    const play = screen.getByRole('button', { name: 'Play the slices' })
    await user.click(play)
    expect(store.getState().playing).toBe('axial')
    expect(play.getAttribute('aria-pressed')).toBe('true')
    await user.click(play)
    expect(store.getState().playing).toBeNull()
  })
})
