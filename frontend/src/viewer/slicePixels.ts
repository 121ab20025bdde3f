/** Grey pictures of slices, computed without WebGL. */
import { PANE_AXES, slabRange, sliceIndex, type Axis } from './geometry'
import { STACK_AXIS, type SlicePane, type ViewState } from './viewState'
import { sigmaToByte, type DisplayVolume, type Shape } from './volume'

export interface GreyPicture {
  readonly width: number
  readonly height: number
  /** RGBA, rows from the top. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>
}

function strides(shape: Shape): readonly [z: number, y: number, x: number] {
  return [shape[1] * shape[2], shape[2], 1]
}

/** Fill a picture from a function of (column, row from the bottom), in bytes of `display`. */
function paint(
  width: number,
  height: number,
  byteAt: (column: number, up: number) => number,
  low: number,
  high: number,
  invert: boolean,
): GreyPicture {
  const pixels = new Uint8ClampedArray(width * height * 4)
  const gain = 255 / Math.max(high - low, 1e-6)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const grey = (byteAt(column, height - 1 - row) - low) * gain
      const at = 4 * (row * width + column)
      pixels.fill(invert ? 255 - grey : grey, at, at + 3)
      pixels[at + 3] = 255
    }
  }
  return { width, height, pixels }
}

/** The slice of a pane (its slab's mean) under the contrast window of `state`. */
export function slicePicture(display: DisplayVolume, pane: SlicePane, state: ViewState): GreyPicture {
  const { right, up } = PANE_AXES[pane]
  const stack = STACK_AXIS[pane]
  const step = strides(display.shape)
  const [first, last] = slabRange(sliceIndex(state.crosshair, pane), state.slab, display.shape[stack])
  const byteAt = (column: number, rise: number): number => {
    let sum = 0
    for (let slice = first; slice <= last; slice++) {
      sum += display.bytes[slice * step[stack] + column * step[right] + rise * step[up]] ?? 0
    }
    return sum / (last - first + 1)
  }
  const [low, high] = [sigmaToByte(display, state.window[0]), sigmaToByte(display, state.window[1])]
  return paint(display.shape[right], display.shape[up], byteAt, low, high, state.invert)
}

/** The maximum along the tomogram's z axis: what the fallback has in place of the 3D view. */
export function projectionPicture(display: DisplayVolume): GreyPicture {
  const [right, up]: [Axis, Axis] = [2, 1]
  const step = strides(display.shape)
  const byteAt = (column: number, rise: number): number => {
    let highest = 0
    for (let z = 0; z < display.shape[0]; z++) {
      highest = Math.max(highest, display.bytes[z * step[0] + column * step[right] + rise * step[up]] ?? 0)
    }
    return highest
  }
  return paint(display.shape[right], display.shape[up], byteAt, sigmaToByte(display, 0.6), 255, false)
}
