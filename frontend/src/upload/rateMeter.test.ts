import { expect, it } from 'vitest'
import { RateMeter } from './rateMeter'

it('tells the rate of the last ten seconds', () => {
  let now = 0
  const meter = new RateMeter(() => now)
  meter.add(0)
  expect(meter.perSecond()).toBeNull()
  now = 2000
  meter.add(1000)
  expect(meter.perSecond()).toBe(500)
  for (now = 3000; now <= 20_000; now += 1000) meter.add(2000)
  expect(meter.perSecond()).toBeCloseTo(2000)
  meter.restart()
  meter.add(5)
  expect(meter.perSecond()).toBeNull()
})
