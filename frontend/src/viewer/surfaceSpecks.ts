/** Leaves the specks of noise out of a surface, so that the particle stands alone. */
import type { SurfaceMesh } from './surfaceNets'

/** A piece with fewer triangles than this share of the largest piece is a speck. */
export const SPECK_SHARE = 0.05

/** The pieces of a mesh as the number of each vertex's piece: union-find over the triangles. */
function pieces({ positions, triangles }: SurfaceMesh): Uint32Array {
  const parent = Uint32Array.from({ length: positions.length / 3 }, (_, vertex) => vertex)
  const root = (vertex: number): number => {
    let at = vertex
    while (parent[at]! !== at) {
      parent[at] = parent[parent[at]!]! // Halve the path on the way.
      at = parent[at]!
    }
    return at
  }
  for (let t = 0; t < triangles.length; t += 3) {
    const first = root(triangles[t]!)
    parent[root(triangles[t + 1]!)] = first
    parent[root(triangles[t + 2]!)] = first
  }
  return parent.map((_, vertex) => root(vertex))
}

/** The mesh without its specks. Vertices stay as they are; those of specks belong to no triangle any more. */
export function withoutSpecks(mesh: SurfaceMesh, share = SPECK_SHARE): SurfaceMesh {
  const { triangles } = mesh
  const piece = pieces(mesh)
  const sizes = new Uint32Array(piece.length)
  for (let t = 0; t < triangles.length; t += 3) sizes[piece[triangles[t]!]!]!++
  const least = share * sizes.reduce((most, size) => Math.max(most, size), 0)
  const kept = new Uint32Array(triangles.length)
  let used = 0
  for (let t = 0; t < triangles.length; t += 3) {
    if (sizes[piece[triangles[t]!]!]! < least) continue
    kept.set(triangles.subarray(t, t + 3), used)
    used += 3
  }
  return { ...mesh, triangles: kept.slice(0, used) }
}
