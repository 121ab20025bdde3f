import { describe, expect, it } from 'vitest'
import { surfaceNets, type SurfaceMesh } from './surfaceNets'
import { withoutSpecks } from './surfaceSpecks'
import type { DisplayVolume, Shape } from './volume'

function display(shape: Shape, byteAt: (x: number, y: number, z: number) => number): DisplayVolume {
  const [nz, ny, nx] = shape
  const bytes = new Uint8Array(nz * ny * nx)
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) bytes[(z * ny + y) * nx + x] = Math.min(255, Math.max(0, byteAt(x, y, z)))
    }
  }
  return { shape, bytes, sigmaPerByte: 1, sigmaAtZero: 0 }
}

/** A ball of radius `r` at (cx, cy, cz): the byte is 128 on its surface and falls by 16 a voxel. */
const ball =
  (cx: number, cy: number, cz: number, r: number) =>
  (x: number, y: number, z: number): number =>
    128 + 16 * (r - Math.hypot(x - cx, y - cy, z - cz))

function point(mesh: SurfaceMesh, vertex: number): [number, number, number] {
  return [mesh.positions[3 * vertex]!, mesh.positions[3 * vertex + 1]!, mesh.positions[3 * vertex + 2]!]
}

/** Volume enclosed by a closed mesh whose triangles face outwards (negative where they face inwards). */
function enclosedVolume(mesh: SurfaceMesh): number {
  let sum = 0
  for (let t = 0; t < mesh.triangles.length; t += 3) {
    const corner = (index: number): readonly number[] => point(mesh, mesh.triangles[t + index]!)
    const [a, b, c] = [corner(0), corner(1), corner(2)]
    sum += a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!)
    sum -= a[1]! * (b[0]! * c[2]! - b[2]! * c[0]!)
    sum += a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!)
  }
  return sum / 6
}

/** How often each edge is used, by direction: a closed mesh uses each edge once in each direction. */
function openEdges({ triangles }: SurfaceMesh): number {
  const edges = new Map<string, number>()
  for (let t = 0; t < triangles.length; t += 3) {
    for (let corner = 0; corner < 3; corner++) {
      const [from, to] = [triangles[t + corner]!, triangles[t + ((corner + 1) % 3)]!]
      edges.set(`${from}-${to}`, (edges.get(`${from}-${to}`) ?? 0) + 1)
    }
  }
  return [...edges].filter(([edge, count]) => edges.get(edge.split('-').reverse().join('-')) !== count).length
}

describe('surfaceNets', () => {
  it('closes around a ball, faces outwards, and has its volume', () => {
    const mesh = surfaceNets(display([24, 24, 24], ball(11, 12, 11.5, 7)), 128)!
    expect(openEdges(mesh)).toBe(0)
    const expected = (4 / 3) * Math.PI * 7 ** 3
    expect(enclosedVolume(mesh) / expected).toBeGreaterThan(0.95)
    expect(enclosedVolume(mesh) / expected).toBeLessThan(1.05)
    for (let vertex = 0; vertex < mesh.positions.length / 3; vertex++) {
      const [x, y, z] = point(mesh, vertex)
      const outwards = [x - 11, y - 12, z - 11.5].map((value) => value / 7)
      const cosine = outwards.reduce((sum, value, axis) => sum + value * mesh.normals[3 * vertex + axis]!, 0)
      expect(cosine).toBeGreaterThan(0.9)
    }
  })

  it('closes at the faces of the box, and works in boxes that are no cubes', () => {
    const mesh = surfaceNets(
      display([6, 10, 14], () => 200),
      128,
    )!
    expect(openEdges(mesh)).toBe(0)
    expect(enclosedVolume(mesh)).toBeGreaterThan(5 * 9 * 13)
    expect(enclosedVolume(mesh)).toBeLessThan(7 * 11 * 15)
  })

  it('gives an empty mesh where nothing is dense enough, and null above the limit', () => {
    const volume = display([24, 24, 24], ball(12, 12, 12, 3))
    expect(surfaceNets(volume, 250)!.triangles).toHaveLength(0)
    expect(surfaceNets(volume, 128, 50)).toBeNull()
  })
})

describe('withoutSpecks', () => {
  it('keeps the particle and drops what is small beside it', () => {
    const [large, small] = [ball(10, 10, 10, 6), ball(20, 20, 20, 1)]
    const mesh = surfaceNets(
      display([24, 24, 24], (x, y, z) => Math.max(large(x, y, z), small(x, y, z))),
      128,
    )!
    const cleaned = withoutSpecks(mesh)
    expect(cleaned.triangles.length).toBeLessThan(mesh.triangles.length)
    expect(openEdges(cleaned)).toBe(0)
    expect(enclosedVolume(cleaned)).toBeCloseTo(
      enclosedVolume(surfaceNets(display([24, 24, 24], large), 128)!),
      3,
    )
    for (const vertex of cleaned.triangles) expect(point(cleaned, vertex)[0]).toBeLessThan(18)
  })

  it('keeps two pieces of like size', () => {
    const [one, other] = [ball(6, 6, 6, 4), ball(17, 17, 17, 4)]
    const mesh = surfaceNets(
      display([24, 24, 24], (x, y, z) => Math.max(one(x, y, z), other(x, y, z))),
      128,
    )!
    expect(withoutSpecks(mesh).triangles).toEqual(mesh.triangles)
  })
})
