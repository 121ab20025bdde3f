import { expect, it } from 'vitest'
import { lowPassStops, nearestStop } from './lowPassStops'

it('goes from off and the finest detail to sixteen voxels, ascending', () => {
  const stops = lowPassStops(13.48)
  expect(stops[0]).toBe(0)
  expect(stops[1]).toBe(27)
  expect(stops.at(-1)).toBe(216)
  for (let i = 1; i < stops.length; i++) expect(stops[i]).toBeGreaterThan(stops[i - 1]!)
})

it('finds the stop nearest to a cut-off, and takes only 0 for off', () => {
  const stops = lowPassStops(10)
  expect(nearestStop(stops, 0)).toBe(0)
  expect(nearestStop(stops, 1)).toBe(1)
  expect(nearestStop(stops, 9999)).toBe(stops.length - 1)
  const middle = stops[20]!
  expect(nearestStop(stops, middle + 0.1)).toBe(20)
})
