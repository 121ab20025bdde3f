import { describe, expect, it } from 'vitest'
import { autoWindow, clampWindow, CONTRAST_LIMITS, histogram, percentileSigma } from './contrast'
import type { DisplayVolume } from './volume'

/** Bytes 0..255, each once in a cube padded with the middle byte; one byte is 0.02 σ. */
const display: DisplayVolume = {
  shape: [10, 10, 10],
  bytes: Uint8Array.from({ length: 1000 }, (_, i) => (i < 256 ? i : 128)),
  sigmaPerByte: 0.02,
  sigmaAtZero: -2.56,
}

describe('clampWindow', () => {
  it('keeps the ends apart, and lets the moved one give way', () => {
    expect(clampWindow([2, 1], 'high')).toEqual([2, 2.2])
    expect(clampWindow([2, 1], 'low')).toEqual([0.8, 1])
    expect(clampWindow([-99, 99])).toEqual(CONTRAST_LIMITS)
  })
})

describe('histogram', () => {
  it('counts every voxel inside the slider once, where it belongs', () => {
    const counts = histogram(display, 120)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeCloseTo(1000)
    // Byte 128 stands for the densities -0.01..0.01: its voxels fall on both sides of 0, in bins 59 and 60.
    expect(counts[59]! + counts[60]!).toBeGreaterThan(744)
    expect(counts[30]).toBe(0)
  })
})

describe('percentiles', () => {
  it('finds the density below which a fraction lies', () => {
    expect(percentileSigma(display, 0.5)).toBeCloseTo(0)
    expect(percentileSigma(display, 0.005)).toBeCloseTo(-2.48)
    expect(percentileSigma(display, 1)).toBeCloseTo(2.54)
  })

  it('makes the auto window of them', () => {
    const [low, high] = autoWindow(display)
    expect(low).toBeCloseTo(-2.48)
    expect(high).toBeCloseTo(2.44)
  })
})
