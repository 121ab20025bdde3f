/** Which particles are selected, and where the keyboard is. */
import type { GalleryItem } from './types'

export interface Selection {
  /** The selected, by id. */
  readonly chosen: ReadonlyMap<number, GalleryItem>
  /** Where the keyboard is. */
  readonly cursor: number
  /** Where a range begins. */
  readonly anchor: number
}

export const NOTHING_SELECTED: Selection = { chosen: new Map(), cursor: 0, anchor: 0 }
/** More are not selected at once. */
export const MOST_SELECTED = 5000

const mapOf = (items: readonly GalleryItem[]): Map<number, GalleryItem> =>
  new Map(items.slice(0, MOST_SELECTED).map((item) => [item.id, item]))

/** These and no others. */
export function only(items: readonly GalleryItem[], rank: number): Selection {
  return { chosen: mapOf(items), cursor: rank, anchor: rank }
}

/** In or out, the others as they are. */
export function toggled(selection: Selection, item: GalleryItem, rank: number): Selection {
  const chosen = new Map(selection.chosen)
  if (!chosen.delete(item.id) && chosen.size < MOST_SELECTED) chosen.set(item.id, item)
  return { chosen, cursor: rank, anchor: rank }
}

/** From the anchor to a place, `items` being those between. */
export function ranged(selection: Selection, items: readonly GalleryItem[], rank: number): Selection {
  return { chosen: mapOf(items), cursor: rank, anchor: selection.anchor }
}

/** These too. */
export function joined(selection: Selection, items: readonly GalleryItem[]): Selection {
  return { ...selection, chosen: mapOf([...selection.chosen.values(), ...items]) }
}

/** The places between the anchor and another, both included, at most as many as can be selected. */
export function rangeTo(anchor: number, rank: number): readonly [first: number, last: number] {
  return rank >= anchor
    ? [anchor, Math.min(rank, anchor + MOST_SELECTED - 1)]
    : [Math.max(rank, anchor - MOST_SELECTED + 1), anchor]
}
