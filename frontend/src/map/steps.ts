/** Going through the map by the arrow keys: from one particle to the next in a direction. */

export type Direction = readonly [x: number, y: number]

/** What lies aside counts this much farther, so that steps keep their direction. */
const ASIDE = 2.5

/** The nearest of `among` that lies in that direction from particle `from`; null at the edge of the map. */
export function nextInDirection(
  points: Float32Array,
  among: Uint32Array,
  from: number,
  [dx, dy]: Direction,
): number | null {
  const [x, y] = [points[2 * from]!, points[2 * from + 1]!]
  let found: number | null = null
  let least = Infinity
  for (const at of among) {
    const [ahead, aside] = [
      (points[2 * at]! - x) * dx + (points[2 * at + 1]! - y) * dy,
      Math.abs((points[2 * at]! - x) * dy - (points[2 * at + 1]! - y) * dx),
    ]
    const distance = ahead + ASIDE * aside
    if (ahead > 0 && ahead >= aside && distance < least) [found, least] = [at, distance]
  }
  return found
}
