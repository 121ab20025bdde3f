import { describe, expect, it } from 'vitest'
import {
  cornerOf,
  GAP,
  gridOf,
  inSight,
  rankAt,
  ranksInOutline,
  ranksInRectangle,
  scrollTopOf,
  topOf,
} from './grid'

describe('the grid', () => {
  it('finds every tile under its middle, and none in the gaps', () => {
    const grid = gridOf(520, 96, 23)
    expect(grid.columns).toBe(5)
    for (let rank = 0; rank < 23; rank++) {
      const { x, y } = cornerOf(grid, rank)
      expect(rankAt(grid, { x: x + 48, y: y + 48 })).toBe(rank)
      expect(rankAt(grid, { x: x - 1, y: y + 48 })).toBeNull()
    }
    const end = cornerOf(grid, 23)
    expect(rankAt(grid, { x: end.x + 48, y: end.y + 48 }), 'beyond the last').toBeNull()
  })

  it('shows exactly the rows that are in sight', () => {
    const grid = gridOf(520, 96, 1000)
    expect(inSight(grid, 0, 250)).toEqual([0, 14])
    expect(inSight(grid, 1000, 250)).toEqual([45, 64])
    expect(inSight(gridOf(520, 96, 7), 0, 900)).toEqual([0, 6])
  })

  it('is walked from end to end however high it is: browsers draw no element of a hundred million pixels', () => {
    for (const count of [40, 100_000, 5_000_000]) {
      const grid = gridOf(400, 96, count)
      expect(grid.scrollHeight).toBeLessThanOrEqual(8_000_000)
      expect(topOf(grid, 0, 600)).toBe(0)
      const lowest = Math.max(0, grid.height - 600)
      expect(topOf(grid, scrollTopOf(grid, lowest, 600), 600)).toBeCloseTo(lowest, 3)
      const middle = lowest * 0.37
      expect(topOf(grid, scrollTopOf(grid, middle, 600), 600)).toBeCloseTo(middle, 3)
    }
  })

  it('takes what a rectangle touches and what an outline has in it', () => {
    const grid = gridOf(520, 96, 23)
    const middle = (rank: number) => {
      const { x, y } = cornerOf(grid, rank)
      return { x: x + 48, y: y + 48 }
    }
    expect(ranksInRectangle(grid, middle(13), middle(6))).toEqual([6, 7, 8, 11, 12, 13])
    expect(ranksInRectangle(grid, middle(19), { x: 2000, y: 2000 }), 'past the end').toEqual([19])
    const [left, right] = [middle(5), middle(9)]
    const outline = [
      { x: left.x - 10, y: left.y - 10 },
      { x: right.x + 10, y: right.y - 10 },
      { x: right.x + 10, y: right.y + 10 },
      { x: left.x + 110, y: right.y + 10 },
      { x: left.x + 110, y: left.y - 5 },
      { x: left.x - 10, y: left.y - 5 },
    ]
    expect(ranksInOutline(grid, outline), 'the middles of 5 and 6 lie beyond the notch').toEqual([7, 8, 9])
    expect(ranksInOutline(grid, outline.slice(0, 2))).toEqual([])
    expect(GAP).toBeGreaterThan(0)
  })
})
