import { expect, it } from 'vitest'
import { centralSlice, slabDepth } from './centralSlice'
import type { Shape, Volume } from './volume'

function volume(shape: Shape, byteAt: (z: number, y: number, x: number) => number): Volume {
  const bytes = new Uint8Array(shape[0] * shape[1] * shape[2])
  bytes.forEach((_, at) => {
    const x = at % shape[2]
    const y = Math.floor(at / shape[2]) % shape[1]
    bytes[at] = byteAt(Math.floor(at / (shape[1] * shape[2])), y, x)
  })
  return { id: 'v', shape, voxelSizeAngstrom: null, bytes, scale: 1, offset: 0, mean: 0, std: 1 }
}

const grey = (picture: { pixels: Uint8ClampedArray }): number[] =>
  [...picture.pixels].filter((_, index) => index % 4 === 0)

it('shows the middle slice of each plane, y and z upwards', () => {
  const box = volume([3, 3, 3], (z, y, x) => (z === 1 && y === 0 && x === 2 ? 255 : 0))
  expect(grey(centralSlice(box, 'xy'))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 255])
  // The bright voxel lies beside the middle slices of y and of x.
  expect(grey(centralSlice(box, 'xz')).some((value) => value > 0)).toBe(false)
  const tall = volume([3, 3, 3], (z, y, x) => (z === 2 && y === 1 && x === 0 ? 9 : 0))
  expect(grey(centralSlice(tall, 'xz'))).toEqual([255, 0, 0, 0, 0, 0, 0, 0, 0])
})

it('averages the middle eighth', () => {
  expect([8, 16, 64].map(slabDepth)).toEqual([1, 2, 8])
  const box = volume([16, 2, 2], (z, _y, x) => (x === 0 ? (z === 7 || z === 8 ? 100 : 255) : 0))
  expect(grey(centralSlice(box, 'xy'))).toEqual([255, 0, 255, 0])
})

it('shows a flat volume as even grey', () => {
  const picture = centralSlice(
    volume([4, 4, 4], () => 7),
    'xy',
  )
  expect(new Set(grey(picture)).size).toBe(1)
})
