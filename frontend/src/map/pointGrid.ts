/** Finds particles by where they are: the nearest to a place, those within an outline. */
import type { Place } from './camera'

const POINTS_A_CELL = 8

export class PointGrid {
  private readonly columns: number
  private readonly rows: number
  private readonly left: number
  private readonly bottom: number
  private readonly cell: number
  /** Where each cell's points begin in `order`; one entry more than there are cells. */
  private readonly starts: Uint32Array
  private readonly order: Uint32Array

  /** `points` are x and y one after the other. */
  constructor(private readonly points: Float32Array) {
    const count = points.length / 2
    let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity]
    for (let at = 0; at < count; at++) {
      left = Math.min(left, points[2 * at]!)
      right = Math.max(right, points[2 * at]!)
      bottom = Math.min(bottom, points[2 * at + 1]!)
      top = Math.max(top, points[2 * at + 1]!)
    }
    const [width, height] = count === 0 ? [1, 1] : [right - left || 1, top - bottom || 1]
    this.left = count === 0 ? 0 : left
    this.bottom = count === 0 ? 0 : bottom
    this.cell = Math.sqrt((width * height * POINTS_A_CELL) / Math.max(count, 1))
    this.cell = Math.max(this.cell, Math.max(width, height) / 2048)
    this.columns = Math.floor(width / this.cell) + 1
    this.rows = Math.floor(height / this.cell) + 1
    this.starts = new Uint32Array(this.columns * this.rows + 1)
    this.order = new Uint32Array(count)
    this.fill(count)
  }

  private fill(count: number): void {
    const cells = new Uint32Array(count)
    for (let at = 0; at < count; at++) {
      cells[at] = this.row(this.points[2 * at + 1]!) * this.columns + this.column(this.points[2 * at]!)
      this.starts[cells[at]! + 1]! += 1
    }
    for (let cell = 0; cell < this.starts.length - 1; cell++) this.starts[cell + 1]! += this.starts[cell]!
    const next = this.starts.slice()
    for (let at = 0; at < count; at++) this.order[next[cells[at]!]!++] = at
  }

  /** The particle nearest to `place` within `reach`, of those `isShown`; null for none. */
  nearest(place: Place, reach: number, isShown: (index: number) => boolean): number | null {
    let found: number | null = null
    let least = reach * reach
    this.visit(place.x - reach, place.x + reach, place.y - reach, place.y + reach, (at) => {
      const distance = (this.points[2 * at]! - place.x) ** 2 + (this.points[2 * at + 1]! - place.y) ** 2
      if (distance <= least && isShown(at)) [found, least] = [at, distance]
    })
    return found
  }

  /** The particles within a closed outline (even-odd rule), of those `isShown`, in ascending order. */
  within(outline: readonly Place[], isShown: (index: number) => boolean): number[] {
    const [xs, ys] = [outline.map(({ x }) => x), outline.map(({ y }) => y)]
    const found: number[] = []
    if (outline.length < 3) return found
    this.visit(Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys), (at) => {
      if (isShown(at) && isInside(outline, this.points[2 * at]!, this.points[2 * at + 1]!)) found.push(at)
    })
    return found.sort((one, other) => one - other)
  }

  private visit(left: number, right: number, bottom: number, top: number, see: (at: number) => void): void {
    const [firstColumn, lastColumn] = [this.column(left), this.column(right)]
    for (let row = this.row(bottom); row <= this.row(top); row++) {
      const from = this.starts[row * this.columns + firstColumn]!
      const to = this.starts[row * this.columns + lastColumn + 1]!
      for (let each = from; each < to; each++) see(this.order[each]!)
    }
  }

  private column(x: number): number {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.left) / this.cell)))
  }

  private row(y: number): number {
    return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.bottom) / this.cell)))
  }
}

function isInside(outline: readonly Place[], x: number, y: number): boolean {
  let inside = false
  let before = outline[outline.length - 1]!
  for (const corner of outline) {
    const crosses = corner.y > y !== before.y > y
    if (crosses && x < ((before.x - corner.x) * (y - corner.y)) / (before.y - corner.y) + corner.x) {
      inside = !inside
    }
    before = corner
  }
  return inside
}
