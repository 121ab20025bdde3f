/**
 * Isosurface of a volume by naive surface nets (Gibson, "Constrained Elastic Surface Nets", MICCAI 1998): one vertex
 * in each cell that the surface crosses, at the mean of its edge crossings, and one quad for each crossed grid edge.
 */
import type { DisplayVolume } from './volume'

export interface SurfaceMesh {
  /** Vertices as x, y, z in voxels. */
  readonly positions: Float32Array
  /** Unit normals, one a vertex, pointing out of the dense side. */
  readonly normals: Float32Array
  /** Three vertex numbers a triangle. */
  readonly triangles: Uint32Array
}

/** Above this many triangles the surface is noise, and too slow to turn. */
export const TRIANGLE_LIMIT = 150_000

/** Grow an array of numbers without a JavaScript array of boxed values. */
class Floats {
  values = new Float32Array(4096)
  length = 0
  push3(a: number, b: number, c: number): void {
    if (this.length + 3 > this.values.length) {
      const larger = new Float32Array(this.values.length * 2)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.length++] = a
    this.values[this.length++] = b
    this.values[this.length++] = c
  }
  done(): Float32Array {
    return this.values.slice(0, this.length)
  }
}

const CORNERS = [
  [0, 0, 0],
  [1, 0, 0],
  [0, 1, 0],
  [1, 1, 0],
  [0, 0, 1],
  [1, 0, 1],
  [0, 1, 1],
  [1, 1, 1],
] as const
const EDGES = [
  [0, 1],
  [2, 3],
  [4, 5],
  [6, 7],
  [0, 2],
  [1, 3],
  [4, 6],
  [5, 7],
  [0, 4],
  [1, 5],
  [2, 6],
  [3, 7],
] as const

interface Grid {
  readonly at: (x: number, y: number, z: number) => number
  readonly size: readonly [nx: number, ny: number, nz: number]
}

/** The volume with a border of emptiness one voxel wide, so that surfaces close at the box's faces. */
function paddedGrid(density: DisplayVolume): Grid {
  const [nz, ny, nx] = density.shape
  const { bytes } = density
  const at = (x: number, y: number, z: number): number =>
    x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz ? 0 : bytes[(z * ny + y) * nx + x]!
  return { at, size: [nx, ny, nz] }
}

/** The surface at a density of `level` (in bytes), or null where it would have more than `limit` triangles. */
export function surfaceNets(
  density: DisplayVolume,
  level: number,
  limit = TRIANGLE_LIMIT,
): SurfaceMesh | null {
  const grid = paddedGrid(density)
  const [nx, ny, nz] = grid.size
  // Bytes lie on whole numbers; a level between them never meets a voxel exactly.
  const iso = Math.min(Math.max(Math.floor(level) + 0.5, 0.5), 254.5)
  const positions = new Floats()
  const [wx, wy] = [nx + 1, ny + 1]
  const cellVertex = new Int32Array(wx * wy * (nz + 1)).fill(-1)
  const cell = (x: number, y: number, z: number): number => ((z + 1) * wy + (y + 1)) * wx + (x + 1)
  const values = new Float32Array(8)
  for (let z = -1; z < nz; z++) {
    for (let y = -1; y < ny; y++) {
      for (let x = -1; x < nx; x++) {
        let inside = 0
        for (let c = 0; c < 8; c++) {
          const corner = CORNERS[c]!
          values[c] = grid.at(x + corner[0], y + corner[1], z + corner[2]) - iso
          if (values[c]! > 0) inside++
        }
        if (inside === 0 || inside === 8) continue
        const [vx, vy, vz] = cellCentre(values)
        cellVertex[cell(x, y, z)] = positions.length / 3
        positions.push3(x + vx, y + vy, z + vz)
      }
    }
  }
  const triangles = connect(grid, iso, cellVertex, cell, limit)
  if (triangles === null) return null
  const vertices = positions.done()
  return { positions: vertices, normals: vertexNormals(vertices, triangles), triangles }
}

/** Unit normals of the vertices: the mean of the triangles around each, weighted by their areas. */
function vertexNormals(positions: Float32Array, triangles: Uint32Array): Float32Array {
  const normals = new Float32Array(positions.length)
  const at = (vertex: number, axis: number): number => positions[3 * vertex + axis]!
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!]
    const [ux, uy, uz] = [at(b, 0) - at(a, 0), at(b, 1) - at(a, 1), at(b, 2) - at(a, 2)]
    const [vx, vy, vz] = [at(c, 0) - at(a, 0), at(c, 1) - at(a, 1), at(c, 2) - at(a, 2)]
    const cross = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx] as const
    for (const vertex of [a, b, c]) {
      for (let axis = 0; axis < 3; axis++)
        normals[3 * vertex + axis] = normals[3 * vertex + axis]! + cross[axis]!
    }
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i]!, normals[i + 1]!, normals[i + 2]!) || 1
    for (let axis = 0; axis < 3; axis++) normals[i + axis] = normals[i + axis]! / length
  }
  return normals
}

/** Mean of the points where the surface crosses a cell's edges, relative to the cell's first corner. */
function cellCentre(values: Float32Array): [number, number, number] {
  let [x, y, z, crossings] = [0, 0, 0, 0]
  for (const [a, b] of EDGES) {
    const [va, vb] = [values[a]!, values[b]!]
    if (va > 0 === vb > 0) continue
    const t = va / (va - vb)
    const [ca, cb] = [CORNERS[a]!, CORNERS[b]!]
    x += ca[0] + t * (cb[0] - ca[0])
    y += ca[1] + t * (cb[1] - ca[1])
    z += ca[2] + t * (cb[2] - ca[2])
    crossings++
  }
  return [x / crossings, y / crossings, z / crossings]
}

/** Two triangles for each grid edge that the surface crosses, turned so that they face the thin side. */
function connect(
  grid: Grid,
  iso: number,
  cellVertex: Int32Array,
  cell: (x: number, y: number, z: number) => number,
  limit: number,
): Uint32Array | null {
  const [nx, ny, nz] = grid.size
  let triangles = new Uint32Array(3 * 4096)
  let used = 0
  const quad = (a: number, b: number, c: number, d: number, flip: boolean): void => {
    if (used + 6 > triangles.length) {
      const larger = new Uint32Array(triangles.length * 2)
      larger.set(triangles)
      triangles = larger
    }
    triangles.set(flip ? [a, c, b, a, d, c] : [a, b, c, a, c, d], used)
    used += 6
  }
  for (let z = -1; z < nz; z++) {
    for (let y = -1; y < ny; y++) {
      for (let x = -1; x < nx; x++) {
        const here = grid.at(x, y, z) > iso
        const v = (dx: number, dy: number, dz: number): number => cellVertex[cell(x - dx, y - dy, z - dz)]!
        if (y >= 0 && z >= 0 && here !== grid.at(x + 1, y, z) > iso) {
          quad(v(0, 1, 1), v(0, 0, 1), v(0, 0, 0), v(0, 1, 0), !here)
        }
        if (x >= 0 && z >= 0 && here !== grid.at(x, y + 1, z) > iso) {
          quad(v(1, 0, 1), v(1, 0, 0), v(0, 0, 0), v(0, 0, 1), !here)
        }
        if (x >= 0 && y >= 0 && here !== grid.at(x, y, z + 1) > iso) {
          quad(v(1, 1, 0), v(0, 1, 0), v(0, 0, 0), v(1, 0, 0), !here)
        }
        if (used / 3 > limit) return null
      }
    }
  }
  return triangles.slice(0, used)
}
