/**
 * Low-pass filtering for display: a separable Gaussian in real space, and the 8-bit copies made of it.
 *
 * A cut-off of d ångström means that the transfer function exp(-2 π² s² f²) falls to 1/2 at f = 1/d, so the
 * Gaussian's standard deviation is s = d · sqrt(ln 2 / (2 π²)) ≈ 0.187 d.
 */
import type { DisplayVolume, Shape } from './volume'

const SIGMA_PER_CUTOFF = Math.sqrt(Math.LN2 / (2 * Math.PI * Math.PI))

/** Standard deviation in voxels of the Gaussian whose amplitude is halved at `cutoffAngstrom`. */
export function gaussianSigmaVoxels(cutoffAngstrom: number, voxelSizeAngstrom: number): number {
  if (!(voxelSizeAngstrom > 0)) throw new RangeError('The voxel size must be above 0 Å.')
  return Math.max(0, (cutoffAngstrom * SIGMA_PER_CUTOFF) / voxelSizeAngstrom)
}

/** Normalised Gaussian weights for offsets 0..radius (the other half mirrors them); radius is 3.5 σ. */
export function gaussianKernel(sigma: number): Float32Array {
  if (!(sigma > 0)) return new Float32Array([1])
  const radius = Math.max(1, Math.ceil(3.5 * sigma))
  const kernel = new Float32Array(radius + 1)
  let sum = 0
  for (let i = 0; i <= radius; i++) {
    const weight = Math.exp(-(i * i) / (2 * sigma * sigma))
    kernel[i] = weight
    sum += i === 0 ? weight : 2 * weight
  }
  for (let i = 0; i <= radius; i++) kernel[i] = kernel[i]! / sum
  return kernel
}

/** Index reflected about the edges (`d c b a | a b c d | d c b a`), for any distance outside. */
function reflect(index: number, length: number): number {
  const period = 2 * length
  const folded = ((index % period) + period) % period
  return folded < length ? folded : period - 1 - folded
}

function blurAxis(
  source: Float32Array,
  target: Float32Array,
  length: number,
  stride: number,
  kernel: Float32Array,
): void {
  const radius = kernel.length - 1
  const padded = new Float32Array(length + 2 * radius)
  const lineCount = source.length / length
  for (let line = 0; line < lineCount; line++) {
    // A line starts at each position whose coordinate along this axis is 0.
    const start = Math.floor(line / stride) * stride * length + (line % stride)
    for (let i = -radius; i < length + radius; i++)
      padded[i + radius] = source[start + reflect(i, length) * stride]!
    for (let i = 0; i < length; i++) {
      const centre = i + radius
      let sum = kernel[0]! * padded[centre]!
      for (let k = 1; k <= radius; k++) sum += kernel[k]! * (padded[centre - k]! + padded[centre + k]!)
      target[start + i * stride] = sum
    }
  }
}

/** Gaussian blur of a `(z, y, x)` volume, edges reflected. Returns a new array; `sigma` in voxels. */
export function blur(values: Float32Array, shape: Shape, sigma: number): Float32Array {
  if (!(sigma > 0)) return values.slice()
  const [nz, ny, nx] = shape
  const kernel = gaussianKernel(sigma)
  const first = new Float32Array(values.length)
  const second = new Float32Array(values.length)
  blurAxis(values, first, nx, 1, kernel)
  blurAxis(first, second, ny, nx, kernel)
  blurAxis(second, first, nz, nx * ny, kernel)
  return first
}

/** Quantise to 8 bits over the full range, and say how a byte maps to standard deviations of this array. */
export function toDisplay(values: Float32Array, shape: Shape): DisplayVolume {
  let low = Infinity
  let high = -Infinity
  let sum = 0
  let squares = 0
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
    sum += value
    squares += value * value
  }
  const mean = sum / values.length
  const std = Math.sqrt(Math.max(0, squares / values.length - mean * mean)) || 1
  const step = high > low ? (high - low) / 255 : 1
  const bytes = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) bytes[i] = Math.round((values[i]! - low) / step)
  return { shape, bytes, sigmaPerByte: step / std, sigmaAtZero: (low - mean) / std }
}
