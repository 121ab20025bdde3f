/** Pictures of slices, computed without WebGL. */
import { TONE_STEPS, toneTable, type Tone } from './colours'
import { slabRange, sliceIndex } from './geometry'
import { slabSlice, type SlabSlice } from './slab'
import { STACK_AXIS, type SlicePane, type ViewState } from './viewState'
import { sigmaToByte, type DisplayVolume } from './volume'

const PLAIN: Tone = { invert: false, gamma: 1, colourMap: 'grey' }

export interface Picture {
  readonly width: number
  readonly height: number
  /** RGBA, rows from the top. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>
}

/** Colour values (bytes of a display, rows from the bottom) under a contrast window given in the same bytes. */
function paint(
  { width, height, values }: SlabSlice,
  [low, high]: readonly [low: number, high: number],
  table: Float32Array,
): Picture {
  const pixels = new Uint8ClampedArray(width * height * 4)
  const gain = (TONE_STEPS - 1) / Math.max(high - low, 1e-6)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = values[(height - 1 - row) * width + column]!
      const step = Math.min(Math.max((value - low) * gain, 0), TONE_STEPS - 1)
      const below = 3 * Math.min(Math.floor(step), TONE_STEPS - 2)
      const part = step - below / 3
      const at = 4 * (row * width + column)
      for (let channel = 0; channel < 3; channel++) {
        const [from, to] = [table[below + channel]!, table[below + 3 + channel]!]
        pixels[at + channel] = 255 * (from + (to - from) * part)
      }
      pixels[at + 3] = 255
    }
  }
  return { width, height, pixels }
}

/** The slice of a pane, or its slab, under the contrast window and the colours of `state`. */
export function slicePicture(display: DisplayVolume, pane: SlicePane, state: ViewState): Picture {
  const range = slabRange(sliceIndex(state.crosshair, pane), state.slab, display.shape[STACK_AXIS[pane]])
  const [low, high] = [sigmaToByte(display, state.window[0]), sigmaToByte(display, state.window[1])]
  return paint(slabSlice(display, pane, range, state.slabMode), [low, high], toneTable(state))
}

/** The maximum along the tomogram's z axis: what the fallback has in place of the 3D view. */
export function projectionPicture(display: DisplayVolume): Picture {
  const whole = slabSlice(display, 'axial', [0, display.shape[0] - 1], 'max')
  return paint(whole, [sigmaToByte(display, 0.6), 255], toneTable(PLAIN))
}
