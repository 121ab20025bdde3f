/** Histogram and contrast window of what is drawn, in standard deviations (σ) of the drawn copy. */
import { byteToSigma, type DisplayVolume } from './volume'

export type ContrastWindow = readonly [low: number, high: number]

/** The ends of the contrast slider. */
export const CONTRAST_LIMITS: ContrastWindow = [-6, 6]
export const DEFAULT_WINDOW: ContrastWindow = [-3, 3]
const NARROWEST_WINDOW = 0.2

/** Keep the window inside its limits and at least 0.2 σ wide; the end that `moved` gives way. */
export function clampWindow(window: ContrastWindow, moved: 'low' | 'high' = 'high'): ContrastWindow {
  const [floor, ceiling] = CONTRAST_LIMITS
  let low = Math.min(Math.max(window[0], floor), ceiling - NARROWEST_WINDOW)
  let high = Math.min(Math.max(window[1], floor + NARROWEST_WINDOW), ceiling)
  if (high - low < NARROWEST_WINDOW) {
    if (moved === 'low') low = high - NARROWEST_WINDOW
    else high = low + NARROWEST_WINDOW
  }
  return [low, high]
}

/** The same copy, its bytes counted. */
export function counted(display: DisplayVolume): DisplayVolume {
  const counts = new Uint32Array(256)
  for (const byte of display.bytes) counts[byte] = counts[byte]! + 1
  return { ...display, counts }
}

function byteCounts(display: DisplayVolume): Uint32Array {
  return (display.counts ?? counted(display).counts)!
}

/** Voxel counts in `bins` equal steps over the contrast slider's range. */
export function histogram(display: DisplayVolume, bins: number): Float64Array {
  const [floor, ceiling] = CONTRAST_LIMITS
  const result = new Float64Array(bins)
  byteCounts(display).forEach((count, byte) => {
    // A byte stands for an interval of densities: spread its voxels over it, or coarse volumes show combs.
    const from = ((byteToSigma(display, byte - 0.5) - floor) / (ceiling - floor)) * bins
    const to = ((byteToSigma(display, byte + 0.5) - floor) / (ceiling - floor)) * bins
    if (count === 0 || !(to > from)) return
    for (let bin = Math.max(0, Math.floor(from)); bin < Math.min(bins, to); bin++) {
      const overlap = Math.min(to, bin + 1) - Math.max(from, bin)
      if (overlap > 0) result[bin] = result[bin]! + (count * overlap) / (to - from)
    }
  })
  return result
}

/** The σ below which a `fraction` of the voxels lie. */
export function percentileSigma(display: DisplayVolume, fraction: number): number {
  const counts = byteCounts(display)
  const wanted = fraction * display.bytes.length
  let seen = 0
  for (let byte = 0; byte < 256; byte++) {
    seen += counts[byte]!
    if (seen >= wanted) return byteToSigma(display, byte)
  }
  return byteToSigma(display, 255)
}

/** The window that leaves out the lowest and highest 0.5 % of the voxels. */
export function autoWindow(display: DisplayVolume): ContrastWindow {
  return clampWindow([percentileSigma(display, 0.005), percentileSigma(display, 0.995)])
}
