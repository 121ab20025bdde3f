/** Where the tour's card stands: beside its anchor, inside the window. */

export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

const GAP = 14
const EDGE = 12

/**
 * Left and top of a card of `card` size: below the anchor, else above, right or left of it, where it fits the window
 * without covering the anchor; else in the window's lower right corner, inside a large anchor.
 */
export function placeCard(anchor: Box | null, card: Size, window: Size): { left: number; top: number } {
  const most = { left: window.width - card.width - EDGE, top: window.height - card.height - EDGE }
  const clamp = (value: number, highest: number) => Math.max(EDGE, Math.min(value, highest))
  if (anchor === null) return { left: clamp(most.left, most.left), top: clamp(most.top, most.top) }
  const right = anchor.left + anchor.width
  const bottom = anchor.top + anchor.height
  const beside = { left: clamp(anchor.left, most.left), top: clamp(anchor.top, most.top) }
  if (bottom + GAP <= most.top) return { left: beside.left, top: bottom + GAP }
  if (anchor.top - GAP - card.height >= EDGE)
    return { left: beside.left, top: anchor.top - GAP - card.height }
  if (right + GAP <= most.left) return { left: right + GAP, top: beside.top }
  if (anchor.left - GAP - card.width >= EDGE) return { left: anchor.left - GAP - card.width, top: beside.top }
  return {
    left: clamp(right - card.width - GAP, most.left),
    top: clamp(bottom - card.height - GAP, most.top),
  }
}
