/** Small pictures of a volume's middle: what a list or a preview shows of many. */
import type { Picture } from './slicePixels'
import type { Volume } from './volume'

export type SlicePlane = 'xy' | 'xz' | 'yz'

/** Part of the box, along the line of sight, that is averaged: one slice alone is mostly noise. */
const SLAB_PART = 1 / 8
const LOWEST = 0.005
const HIGHEST = 0.995

/** How many slices a picture averages. */
export function slabDepth(slices: number): number {
  return Math.max(1, Math.round(slices * SLAB_PART))
}

/** The mean of the middle slices, black at the lowest 0.5 % of its pixels and white at the highest. y and z rise upwards. */
export function centralSlice({ shape, bytes }: Volume, plane: SlicePlane): Picture {
  const [nz, ny, nx] = shape
  const z = { count: nz, step: ny * nx }
  const y = { count: ny, step: nx }
  const x = { count: nx, step: 1 }
  const [right, up, through] = { xy: [x, y, z], xz: [x, z, y], yz: [y, z, x] }[plane] as [
    typeof x,
    typeof x,
    typeof x,
  ]
  const depth = slabDepth(through.count)
  const first = Math.floor((through.count - depth) / 2)
  const sums = new Float32Array(right.count * up.count)
  for (let row = 0; row < up.count; row++) {
    for (let column = 0; column < right.count; column++) {
      let at = first * through.step + (up.count - 1 - row) * up.step + column * right.step
      let sum = 0
      for (let slice = 0; slice < depth; slice++, at += through.step) sum += bytes[at] ?? 0
      sums[row * right.count + column] = sum
    }
  }
  return { width: right.count, height: up.count, pixels: stretched(sums) }
}

function stretched(values: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const ordered = values.toSorted()
  const low = ordered[Math.floor(LOWEST * (values.length - 1))] ?? 0
  const high = ordered[Math.ceil(HIGHEST * (values.length - 1))] ?? 1
  const gain = 255 / Math.max(high - low, 1e-6)
  const pixels = new Uint8ClampedArray(values.length * 4)
  values.forEach((value, index) => {
    pixels.fill((value - low) * gain, 4 * index, 4 * index + 3)
    pixels[4 * index + 3] = 255
  })
  return pixels
}
