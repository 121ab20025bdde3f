/** Several slices put together into one, before contrast and colour. */
import { PANE_AXES } from './geometry'
import { STACK_AXIS, type SlabMode, type SlicePane } from './viewState'
import type { DisplayVolume, Shape } from './volume'

export interface SlabSlice {
  readonly width: number
  readonly height: number
  /** In bytes of the volume, not rounded; a sum may leave 0..255. The value at (right, up) lies at `up * width + right`. */
  readonly values: Float32Array
}

/** Steps between neighbours along (z, y, x) in a C-order volume. */
export function strides(shape: Shape): readonly [z: number, y: number, x: number] {
  return [shape[1] * shape[2], shape[2], 1]
}

/**
 * The slices `first` to `last` of a pane, put together pixel by pixel.
 *
 * A sum of n slices is given in σ of a sum of n independent slices, Σ/√n: noise keeps the strength it has in one
 * slice, and what runs through the slices stands out, under the same contrast window.
 */
export function slabSlice(
  display: DisplayVolume,
  pane: SlicePane,
  [first, last]: readonly [first: number, last: number],
  mode: SlabMode,
): SlabSlice {
  const { right, up } = PANE_AXES[pane]
  const step = strides(display.shape)
  const through = step[STACK_AXIS[pane]]
  const [width, height] = [display.shape[right], display.shape[up]]
  const combine = COMBINE[mode]
  const count = last - first + 1
  const values = new Float32Array(width * height)
  for (let rise = 0; rise < height; rise++) {
    for (let column = 0; column < width; column++) {
      const at = first * through + column * step[right] + rise * step[up]
      values[rise * width + column] = combine(display.bytes, at, through, count)
    }
  }
  if (mode === 'sum') sumFromMean(values, display, count)
  return { width, height, values }
}

type Combine = (bytes: Uint8Array, at: number, step: number, count: number) => number

const mean: Combine = (bytes, at, step, count) => {
  let sum = 0
  for (let slice = 0; slice < count; slice++) sum += bytes[at + slice * step]!
  return sum / count
}

const COMBINE: Readonly<Record<SlabMode, Combine>> = {
  mean,
  max: (bytes, at, step, count) => {
    let highest = 0
    for (let slice = 0; slice < count; slice++) highest = Math.max(highest, bytes[at + slice * step]!)
    return highest
  },
  min: (bytes, at, step, count) => {
    let lowest = 255
    for (let slice = 0; slice < count; slice++) lowest = Math.min(lowest, bytes[at + slice * step]!)
    return lowest
  },
  sum: mean,
}

/** Σ/√n is √n times the mean, counted from the density that is 0 σ. */
function sumFromMean(values: Float32Array, display: DisplayVolume, count: number): void {
  const zero = -display.sigmaAtZero / display.sigmaPerByte
  const gain = Math.sqrt(count)
  for (let i = 0; i < values.length; i++) values[i] = zero + (values[i]! - zero) * gain
}
