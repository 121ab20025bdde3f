/** Where the tiles of the gallery lie: rows of equal squares in a surface that may be very high. */

export interface Grid {
  readonly columns: number
  readonly rows: number
  /** Edge of a tile with the gap beside it, in CSS pixels. */
  readonly cell: number
  readonly count: number
  /** Height of the whole grid. */
  readonly height: number
  /** Height of the element that scrolls: browsers draw none higher than this. */
  readonly scrollHeight: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

export const GAP = 4
const HIGHEST_ELEMENT = 8_000_000

/** `width` is what there is room for; `tile` the edge of a tile. */
export function gridOf(width: number, tile: number, count: number): Grid {
  const cell = tile + GAP
  const columns = Math.max(1, Math.floor((width - GAP) / cell))
  const rows = Math.ceil(count / columns)
  const height = rows * cell + GAP
  return { columns, rows, cell, count, height, scrollHeight: Math.min(height, HIGHEST_ELEMENT) }
}

/** How far down the grid one looks when the element is scrolled so far: the same, but in a very high grid. */
export function topOf(grid: Grid, scrollTop: number, viewHeight: number): number {
  const room = grid.scrollHeight - viewHeight
  if (grid.scrollHeight === grid.height || room <= 0) return scrollTop
  return (Math.min(scrollTop, room) / room) * (grid.height - viewHeight)
}

/** How far to scroll the element to look that far down: the inverse of `topOf`. */
export function scrollTopOf(grid: Grid, top: number, viewHeight: number): number {
  const most = Math.max(0, grid.height - viewHeight)
  const wanted = Math.min(Math.max(0, top), most)
  if (grid.scrollHeight === grid.height || most === 0) return wanted
  return (wanted / most) * (grid.scrollHeight - viewHeight)
}

/** First and last place in sight. */
export function inSight(grid: Grid, top: number, viewHeight: number): readonly [first: number, last: number] {
  const firstRow = Math.max(0, Math.floor((top - GAP) / grid.cell))
  const lastRow = Math.floor((top + viewHeight) / grid.cell)
  return [firstRow * grid.columns, Math.min(grid.count, (lastRow + 1) * grid.columns) - 1]
}

/** Left upper corner of a tile in the grid. */
export function cornerOf(grid: Grid, rank: number): Point {
  const row = Math.floor(rank / grid.columns)
  return { x: GAP + (rank % grid.columns) * grid.cell, y: GAP + row * grid.cell }
}

/** The place under a point of the grid; null in the gaps and beside it. */
export function rankAt(grid: Grid, { x, y }: Point): number | null {
  const column = Math.floor((x - GAP) / grid.cell)
  const row = Math.floor((y - GAP) / grid.cell)
  const inGap = (x - GAP) % grid.cell > grid.cell - GAP || (y - GAP) % grid.cell > grid.cell - GAP
  if (inGap || column < 0 || column >= grid.columns || row < 0) return null
  const rank = row * grid.columns + column
  return rank < grid.count ? rank : null
}

/** The places of tiles that a rectangle touches. */
export function ranksInRectangle(grid: Grid, one: Point, other: Point): number[] {
  const [left, right] = [Math.min(one.x, other.x), Math.max(one.x, other.x)]
  const [top, bottom] = [Math.min(one.y, other.y), Math.max(one.y, other.y)]
  const firstColumn = Math.max(0, Math.ceil((left - grid.cell) / grid.cell))
  const lastColumn = Math.min(grid.columns - 1, Math.floor((right - GAP) / grid.cell))
  const firstRow = Math.max(0, Math.ceil((top - grid.cell) / grid.cell))
  const lastRow = Math.min(grid.rows - 1, Math.floor((bottom - GAP) / grid.cell))
  const ranks: number[] = []
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const rank = row * grid.columns + column
      if (rank < grid.count) ranks.push(rank)
    }
  }
  return ranks
}

/** The places of tiles whose middle lies within an outline. */
export function ranksInOutline(grid: Grid, outline: readonly Point[]): number[] {
  if (outline.length < 3) return []
  const xs = outline.map(({ x }) => x)
  const ys = outline.map(({ y }) => y)
  const around = ranksInRectangle(
    grid,
    { x: Math.min(...xs), y: Math.min(...ys) },
    { x: Math.max(...xs), y: Math.max(...ys) },
  )
  const half = (grid.cell - GAP) / 2
  return around.filter((rank) => {
    const corner = cornerOf(grid, rank)
    return isWithin(outline, { x: corner.x + half, y: corner.y + half })
  })
}

/** Even-odd rule. */
function isWithin(outline: readonly Point[], { x, y }: Point): boolean {
  let inside = false
  outline.forEach((to, index) => {
    const from = outline.at(index - 1)!
    const crosses = from.y > y !== to.y > y
    if (crosses && x < ((to.x - from.x) * (y - from.y)) / (to.y - from.y) + from.x) inside = !inside
  })
  return inside
}
