import { afterEach, describe, expect, it } from 'vitest'
import { DisplayPreparer } from './displayPreparer'
import { rawDisplay, type Volume } from './volume'

const volume = (id: string): Volume => ({
  id,
  shape: [8, 8, 8],
  voxelSizeAngstrom: 10,
  bytes: Uint8Array.from({ length: 512 }, (_, i) => (i * 31) % 256),
  scale: 1,
  offset: 0,
  mean: 128,
  std: 70,
})
const settings = { lowPassAngstrom: 0, proteinIsDark: true }

const preparer = new DisplayPreparer()
afterEach(() => expect(typeof Worker).toBe('undefined')) // These run on the main thread: the path without workers.

describe('DisplayPreparer', () => {
  it('has a prepared volume ready at once, for the settings it was prepared for', async () => {
    const first = volume('a')
    expect(preparer.peek(first, settings)).toBeNull()
    const copies = await preparer.prepare(first, settings)
    expect(preparer.peek(first, settings)).toBe(copies)
    expect(copies.slices.bytes).toBe(rawDisplay(first).bytes)
    // Bytes 0, 31, 62… modulo 256: each twice in 512 voxels.
    expect([...copies.slices.counts!]).toEqual(Array.from({ length: 256 }, () => 2))
    expect(copies.density.counts!.reduce((sum, count) => sum + count, 0)).toBe(512)
    expect(preparer.peek(first, { ...settings, lowPassAngstrom: 60 })).toBeNull()
    const smooth = await preparer.prepare(first, { ...settings, lowPassAngstrom: 60 })
    expect(smooth.slices.bytes).not.toBe(copies.slices.bytes)
  })

  it('works once for all who ask', async () => {
    const second = volume('b')
    expect(preparer.prepare(second, settings)).toBe(preparer.prepare(second, settings))
    await preparer.prepare(second, settings)
  })

  it('forgets the volumes of long ago', async () => {
    const old = volume('old')
    await preparer.prepare(old, settings)
    for (let i = 0; i < 20; i++) await preparer.prepare(volume(`v${i}`), settings)
    expect(preparer.peek(old, settings)).toBeNull()
    expect(preparer.peek(volume('v19'), settings)).not.toBeNull()
  })
})
