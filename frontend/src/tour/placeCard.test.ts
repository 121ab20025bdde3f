import { describe, expect, it } from 'vitest'
import { placeCard } from './placeCard'

const CARD = { width: 360, height: 200 }
const WINDOW = { width: 1024, height: 768 }
const anchor = (left: number, top: number, width: number, height: number) => ({ left, top, width, height })

describe('the card of the tour', () => {
  it('stands below its anchor where there is room', () => {
    expect(placeCard(anchor(100, 80, 200, 40), CARD, WINDOW)).toEqual({ left: 100, top: 134 })
  })

  it('stands above an anchor at the foot of the window', () => {
    expect(placeCard(anchor(100, 720, 200, 40), CARD, WINDOW)).toEqual({ left: 100, top: 506 })
  })

  it('stands beside a tall one', () => {
    expect(placeCard(anchor(700, 60, 320, 700), CARD, WINDOW)).toEqual({ left: 326, top: 60 })
    expect(placeCard(anchor(0, 60, 320, 700), CARD, WINDOW)).toEqual({ left: 334, top: 60 })
  })

  it.each([
    [1440, 900],
    [1024, 768],
    [820, 1180],
    [380, 640],
  ])('never leaves a window of %d × %d', (width, height) => {
    for (const box of [null, anchor(0, 0, width, height), anchor(width - 30, 10, 30, 30)]) {
      const { left, top } = placeCard(
        box,
        { width: Math.min(360, width - 24), height: 200 },
        { width, height },
      )
      expect(left).toBeGreaterThanOrEqual(12)
      expect(left + Math.min(360, width - 24)).toBeLessThanOrEqual(width - 12)
      expect(top + 200).toBeLessThanOrEqual(height - 12)
    }
  })
})
