import { expect, it } from 'vitest'
import { fillBrowserGaps, randomUuid } from './browserGaps'

it('makes random UUIDs of version 4', () => {
  const made = Array.from({ length: 200 }, randomUuid)
  for (const uuid of made)
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(made).size).toBe(200)
})

it('leaves the browser’s own function alone', () => {
  const own = crypto.randomUUID
  fillBrowserGaps()
  expect(crypto.randomUUID).toBe(own)
})
