import { describe, expect, it } from 'vitest'
import { makeDisplayCopies } from './displayCopies'
import { blur, gaussianKernel, gaussianSigmaVoxels, toDisplay } from './lowPass'
import { byteToSigma, rawDisplay, type Shape } from './volume'

const SHAPE: Shape = [9, 10, 11]
const at = (z: number, y: number, x: number): number => (z * SHAPE[1] + y) * SHAPE[2] + x

describe('gaussianSigmaVoxels', () => {
  it('halves the amplitude at the cut-off', () => {
    const [cutoff, voxel] = [40, 10]
    const sigma = gaussianSigmaVoxels(cutoff, voxel)
    const frequency = voxel / cutoff // cycles per voxel
    expect(Math.exp(-2 * Math.PI ** 2 * sigma ** 2 * frequency ** 2)).toBeCloseTo(0.5)
  })

  it('says what is wrong with a voxel size of 0', () => {
    expect(() => gaussianSigmaVoxels(40, 0)).toThrow(/voxel size/)
  })
})

describe('blur', () => {
  it('is the separable Gaussian of a point, the same along each axis', () => {
    const point = new Float32Array(SHAPE[0] * SHAPE[1] * SHAPE[2])
    point[at(4, 5, 5)] = 1
    const smooth = blur(point, SHAPE, 1)
    const kernel = gaussianKernel(1)
    expect(smooth[at(4, 5, 5)]).toBeCloseTo(kernel[0]! ** 3)
    expect(smooth[at(4, 5, 7)]).toBeCloseTo(kernel[2]! * kernel[0]! ** 2)
    expect(smooth[at(4, 7, 5)]).toBeCloseTo(smooth[at(4, 5, 7)]!)
    expect(smooth[at(6, 5, 5)]).toBeCloseTo(smooth[at(4, 5, 7)]!)
    expect(smooth[at(3, 4, 6)]).toBeCloseTo(kernel[1]! ** 3)
  })

  it('keeps a constant constant up to the edges, and the sum of anything', () => {
    const constant = new Float32Array(SHAPE[0] * SHAPE[1] * SHAPE[2]).fill(3)
    for (const value of blur(constant, SHAPE, 4)) expect(value).toBeCloseTo(3, 4)
    const ramp = Float32Array.from({ length: constant.length }, (_, i) => (i * 37) % 101)
    const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0)
    expect(sum(blur(ramp, SHAPE, 2)) / sum(ramp)).toBeCloseTo(1, 4)
  })

  it('gives back a copy where there is nothing to do', () => {
    const values = Float32Array.from({ length: 8 }, (_, i) => i)
    const same = blur(values, [2, 2, 2], 0)
    expect(same).toEqual(values)
    expect(same).not.toBe(values)
  })
})

describe('toDisplay', () => {
  it('keeps values to half a step, in standard deviations', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) * 5 + 2)
    const mean = values.reduce((total, value) => total + value, 0) / 1000
    const std = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / 1000)
    const display = toDisplay(values, [10, 10, 10])
    values.forEach((value, i) => {
      const error = byteToSigma(display, display.bytes[i]!) - (value - mean) / std
      expect(Math.abs(error)).toBeLessThanOrEqual(display.sigmaPerByte / 2 + 1e-5)
    })
  })

  it('takes a flat volume without dividing by zero', () => {
    const display = toDisplay(new Float32Array(8).fill(7), [2, 2, 2])
    expect([...display.bytes]).toEqual(Array(8).fill(0))
    expect(Number.isFinite(display.sigmaPerByte)).toBe(true)
  })
})

describe('makeDisplayCopies', () => {
  const shape: Shape = [16, 16, 16]
  const bytes = Uint8Array.from({ length: 4096 }, (_, i) => {
    const inside = Math.hypot((i % 16) - 8, ((i >> 4) % 16) - 8, (i >> 8) - 8) < 4
    return inside ? 60 : 140
  })
  const raw = rawDisplay({
    id: 'a',
    shape,
    voxelSizeAngstrom: 10,
    bytes,
    scale: 1,
    offset: 0,
    mean: 130,
    std: 20,
  })
  const middle = (8 * 16 + 8) * 16 + 8

  it('shows protein bright in 3D whatever its sign in the file', () => {
    const dark = makeDisplayCopies({ raw, sliceSigma: 0, densitySigma: 1, proteinIsDark: true })
    const bright = makeDisplayCopies({ raw, sliceSigma: 0, densitySigma: 1, proteinIsDark: false })
    expect(byteToSigma(dark.density, dark.density.bytes[middle]!)).toBeGreaterThan(2)
    expect(byteToSigma(bright.density, bright.density.bytes[middle]!)).toBeLessThan(-2)
  })

  it('leaves the slices alone without a low-pass, and smooths them with one', () => {
    expect(
      makeDisplayCopies({ raw, sliceSigma: 0, densitySigma: 1, proteinIsDark: true }).slices,
    ).toMatchObject(raw)
    const { slices } = makeDisplayCopies({ raw, sliceSigma: 2, densitySigma: 2, proteinIsDark: true })
    expect(new Set(slices.bytes).size).toBeGreaterThan(20)
    expect(byteToSigma(slices, slices.bytes[middle]!)).toBeLessThan(-2)
  })
})
