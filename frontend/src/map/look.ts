/** How each particle of the map is drawn now: in which order, in which colour, and which are not. */
import type { Grouping } from './grouping'

export interface Look {
  /** The particles to draw, the last on top. */
  readonly order: Uint32Array
  /** How many of them come first and are drawn faint, because others are selected. */
  readonly faint: number
  readonly grouping: Grouping
}

/** Large groups are drawn first, or they would hide the small ones. `selected` null: nothing is. */
export function lookOf(
  grouping: Grouping,
  hidden: ReadonlySet<string>,
  selected: ReadonlySet<number> | null,
): Look {
  const { groups, groupOf } = grouping
  const rank = new Uint8Array(groups.length)
  const bySize = [...groups.keys()].sort((one, other) => groups[other]!.count - groups[one]!.count)
  bySize.forEach((group, place) => (rank[group] = place))
  const layerOf = (at: number): number => {
    const group = groupOf[at]!
    if (hidden.has(groups[group]!.name)) return -1
    return rank[group]! + (selected?.has(at) ? groups.length : 0)
  }
  const starts = new Uint32Array(2 * groups.length + 1)
  for (let at = 0; at < groupOf.length; at++) {
    const layer = layerOf(at)
    if (layer >= 0) starts[layer + 1]! += 1
  }
  for (let layer = 0; layer < starts.length - 1; layer++) starts[layer + 1]! += starts[layer]!
  const order = new Uint32Array(starts[starts.length - 1]!)
  const faint = selected === null ? 0 : starts[groups.length]!
  for (let at = 0; at < groupOf.length; at++) {
    const layer = layerOf(at)
    if (layer >= 0) order[starts[layer]!++] = at
  }
  return { order, faint, grouping }
}
