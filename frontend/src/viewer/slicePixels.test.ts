import { describe, expect, it } from 'vitest'
import { projectionPicture, slicePicture } from './slicePixels'
import { INITIAL_VIEW, type ViewState } from './viewState'
import type { DisplayVolume } from './volume'

// Byte = 100 z + 10 y + x in a (2, 3, 4) box; one byte is one σ.
const display: DisplayVolume = {
  shape: [2, 3, 4],
  bytes: Uint8Array.from(
    { length: 24 },
    (_, i) => 100 * Math.floor(i / 12) + 10 * (Math.floor(i / 4) % 3) + (i % 4),
  ),
  sigmaPerByte: 1,
  sigmaAtZero: 0,
}
const view = (changes: Partial<ViewState>): ViewState => ({
  ...INITIAL_VIEW,
  window: [0, 255],
  crosshair: [1, 2, 3],
  ...changes,
})
const greys = (pixels: Uint8ClampedArray): number[] => [...pixels].filter((_, i) => i % 4 === 0)

describe('slicePicture', () => {
  it('shows the axial slice with y upwards', () => {
    const picture = slicePicture(display, 'axial', view({}))
    expect([picture.width, picture.height]).toEqual([4, 3])
    expect(greys(picture.pixels)).toEqual([120, 121, 122, 123, 110, 111, 112, 113, 100, 101, 102, 103])
  })

  it('shows the coronal slice with z upwards and the sagittal one with z to the right', () => {
    expect(greys(slicePicture(display, 'coronal', view({})).pixels)).toEqual([
      120, 121, 122, 123, 20, 21, 22, 23,
    ])
    expect(greys(slicePicture(display, 'sagittal', view({})).pixels)).toEqual([23, 123, 13, 113, 3, 103])
  })

  it('inverts, stretches and averages', () => {
    expect(greys(slicePicture(display, 'axial', view({ invert: true })).pixels)[0]).toBe(135)
    expect(greys(slicePicture(display, 'axial', view({ window: [120, 122] })).pixels).slice(0, 4)).toEqual([
      0, 128, 255, 255,
    ])
    expect(greys(slicePicture(display, 'axial', view({ slab: 3 })).pixels)[0]).toBe(70)
  })
})

describe('slicePicture of several slices', () => {
  it('puts them together as the mode says, under the same window', () => {
    const first = (changes: Partial<ViewState>): number =>
      greys(slicePicture(display, 'axial', view({ slab: 3, ...changes })).pixels)[0]!
    expect(first({ slabMode: 'mean' })).toBe(70)
    expect(first({ slabMode: 'max' })).toBe(120)
    expect(first({ slabMode: 'min' })).toBe(20)
    // 0 σ is byte 0 here: (20 + 120) / √2.
    expect(first({ slabMode: 'sum' })).toBe(99)
  })
})

describe('colours', () => {
  it('apply gamma and colour map, the low end of the window to its first colour', () => {
    const [grey] = greys(slicePicture(display, 'axial', view({ gamma: 2 })).pixels)
    expect(grey).toBe(Math.round((120 / 255) ** 2 * 255))
    const { pixels } = slicePicture(display, 'axial', view({ colourMap: 'lagoon', window: [200, 201] }))
    expect([...pixels.subarray(0, 4)]).toEqual([0x2e, 0, 0x4d, 255])
    const inverted = slicePicture(
      display,
      'axial',
      view({ colourMap: 'lagoon', window: [200, 201], invert: true }),
    )
    expect([...inverted.pixels.subarray(0, 4)]).toEqual([0xf2, 0xec, 0x50, 255])
  })
})

describe('projectionPicture', () => {
  it('takes the maximum along z', () => {
    const picture = projectionPicture({ ...display, sigmaPerByte: 0.01 })
    // Black is 0.6 σ, byte 60; white is byte 255.
    expect(greys(picture.pixels)[0]).toBe(Math.round(((120 - 60) / (255 - 60)) * 255))
  })
})
