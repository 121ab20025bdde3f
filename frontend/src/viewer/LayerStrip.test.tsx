import { fireEvent, render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { LayerStrip } from './LayerStrip'
import { createViewStore } from './viewStore'
import type { DisplayVolume } from './volume'

const display: DisplayVolume = {
  shape: [8, 8, 8],
  bytes: new Uint8Array(512),
  sigmaPerByte: 0.02,
  sigmaAtZero: -2.5,
}

it('shows the layers that are there, says why one is not, and steps all by the wheel', () => {
  const store = createViewStore('ada', 'p1')
  store.setState({ crosshair: [4, 4, 4], activePane: 'coronal' })
  const layers = [
    { title: 'Raw', display, missing: '' },
    { title: 'Denoised', display: null, missing: 'Denoised: being computed…' },
  ]
  render(<LayerStrip store={store} layers={layers} />)
  expect(screen.getByRole('img', { name: 'Slice, Raw' })).toBeDefined()
  expect(screen.queryByRole('img', { name: 'Slice, Denoised' })).toBeNull()
  expect(screen.getByText('Denoised: being computed…')).toBeDefined()
  fireEvent.wheel(screen.getByRole('group', { name: 'Layers beside each other' }), { deltaY: 100 })
  expect(store.getState().crosshair).toEqual([4, 3, 4])
})
