/** The stops of the low-pass slider: off, then finer steps where the eye needs them. */

const STOPS = 48

/** Cut-offs in ångström, ascending; the first, 0, is off. From the finest detail the voxels hold (2 voxels) to 16. */
export function lowPassStops(voxelSizeAngstrom: number): readonly number[] {
  const stops = [0]
  for (let i = 0; i < STOPS; i++) {
    const cutoff = voxelSizeAngstrom * 2 * 8 ** (i / (STOPS - 1))
    const rounded = cutoff < 20 ? Math.round(cutoff * 2) / 2 : Math.round(cutoff)
    if (rounded > (stops.at(-1) ?? 0)) stops.push(rounded)
  }
  return stops
}

/** The stop nearest to a cut-off; only 0 itself is off. */
export function nearestStop(stops: readonly number[], angstrom: number): number {
  if (angstrom <= 0) return 0
  let best = 1
  for (let i = 1; i < stops.length; i++) {
    if (Math.abs((stops[i] ?? 0) - angstrom) < Math.abs((stops[best] ?? 0) - angstrom)) best = i
  }
  return best
}
