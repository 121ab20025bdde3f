import { describe, expect, it } from 'vitest'
import { slabSlice } from './slab'
import { SLICE_PANES, STACK_AXIS, type SlabMode, type SlicePane } from './viewState'
import type { DisplayVolume } from './volume'

// Byte = 100 z + 10 y + x in a (2, 3, 4) box; byte 50 is 0 σ.
const display: DisplayVolume = {
  shape: [2, 3, 4],
  bytes: Uint8Array.from(
    { length: 24 },
    (_, i) => 100 * Math.floor(i / 12) + 10 * (Math.floor(i / 4) % 3) + (i % 4),
  ),
  sigmaPerByte: 0.1,
  sigmaAtZero: -5,
}
const values = (pane: SlicePane, range: [number, number], mode: SlabMode): number[] => [
  ...slabSlice(display, pane, range, mode).values,
]

describe('slabSlice', () => {
  it('puts the slices of each pane together', () => {
    expect(values('axial', [0, 1], 'max').slice(0, 4)).toEqual([100, 101, 102, 103])
    expect(values('axial', [0, 1], 'min').slice(0, 4)).toEqual([0, 1, 2, 3])
    expect(values('axial', [0, 1], 'mean').slice(0, 4)).toEqual([50, 51, 52, 53])
    expect(values('coronal', [0, 2], 'mean')).toEqual([10, 11, 12, 13, 110, 111, 112, 113])
    expect(values('coronal', [1, 2], 'max')).toEqual([20, 21, 22, 23, 120, 121, 122, 123])
    expect(values('sagittal', [1, 3], 'min')).toEqual([1, 101, 11, 111, 21, 121])
  })

  it('is the slice itself where there is one only, whatever the mode', () => {
    for (const pane of SLICE_PANES) {
      const last = display.shape[STACK_AXIS[pane]] - 1
      const plain = values(pane, [last, last], 'mean')
      expect(Math.max(...plain)).toBe(123)
      for (const mode of ['max', 'min'] as const) expect(values(pane, [last, last], mode)).toEqual(plain)
      values(pane, [last, last], 'sum').forEach((value, i) => expect(value).toBeCloseTo(plain[i]!, 4))
    }
  })

  it('gives a sum in σ of a sum of independent slices', () => {
    // Bytes 0 and 100 are -5 σ and 5 σ: their sum is 0 σ, byte 50. Bytes 3 and 103: 0.6 σ / √2.
    const sums = values('axial', [0, 1], 'sum')
    expect(sums[0]).toBeCloseTo(50)
    expect(sums[3]).toBeCloseTo(50 + 6 / Math.sqrt(2), 4)
  })

  it('keeps the noise of a sum as strong as that of one slice', () => {
    const size = 48
    let state = 7
    const bytes = Uint8Array.from({ length: size ** 3 }, () => {
      state = (state * 1103515245 + 12345) % 2147483648
      return 64 + Math.floor((state / 2147483648) * 128)
    })
    const noise: DisplayVolume = {
      shape: [size, size, size],
      bytes,
      sigmaPerByte: 1 / 37,
      sigmaAtZero: -127.5 / 37,
    }
    const spread = (mode: SlabMode): number => {
      const { values: drawn } = slabSlice(noise, 'axial', [10, 18], mode)
      const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length
      return Math.sqrt(drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length)
    }
    expect(spread('sum') / 37).toBeCloseTo(1, 1)
    expect(spread('mean') / 37).toBeCloseTo(1 / 3, 1)
  })
})
