import { describe, expect, it, vi } from 'vitest'
import { GALLERY_SIZE, galleryPage } from '../testing/fixtures/gallery'
import { BLOCK, GalleryItems } from './GalleryItems'
import type { Block, GallerySource } from './source'

class Source implements GallerySource {
  readonly asked: string[] = []
  fail = false
  capped = false

  async count() {
    return { count: this.capped ? 300 : GALLERY_SIZE, is_capped: this.capped, before: null }
  }

  async rankOf() {
    return 250
  }

  async block(rank: number, size: number, after: string | null): Promise<Block> {
    this.asked.push(after ?? `rank ${rank}`)
    if (this.fail) throw new Error('cut')
    return galleryPage(rank, rank + size)
  }
}

async function opened(source = new Source()): Promise<[GalleryItems, Source]> {
  const items = new GalleryItems(source)
  await items.start()
  return [items, source]
}

describe('the gallery’s items', () => {
  it('are read on from their neighbours, and by rank after a jump', async () => {
    const [items, source] = await opened()
    expect(items.at(0)?.id).toBe(1000)
    expect(items.at(BLOCK)).toBeNull()
    await items.load(BLOCK, BLOCK + 5)
    expect(items.at(BLOCK + 5)?.id).toBe(1000 + BLOCK + 5)
    await items.load(4 * BLOCK, 4 * BLOCK)
    expect(source.asked).toEqual(['rank 0', `after-${BLOCK}`, `rank ${4 * BLOCK}`])
    await items.load(0, 10)
    expect(source.asked).toHaveLength(3)
  })

  it('forgets what was in sight for a moment only', async () => {
    const [items, source] = await opened()
    items.want(BLOCK, 4 * BLOCK - 1)
    items.want(4 * BLOCK, 4 * BLOCK + 1)
    await vi.waitFor(() => expect(items.at(4 * BLOCK)).not.toBeNull())
    expect(source.asked.length).toBeLessThanOrEqual(5)
  })

  it('goes on beyond a count that is capped', async () => {
    const source = new Source()
    source.capped = true
    const [items] = await opened(source)
    expect(items.store.getState()).toMatchObject({ count: 300, isCapped: true })
    await items.load(400, 410)
    expect(items.at(405)?.id).toBe(1405)
  })

  it('keeps its order while labels change, and tells what failed until it is read', async () => {
    const [items, source] = await opened()
    const { id } = items.at(1)!
    items.relabel(new Map([[id, { kind: 'junk', class_id: null }]]))
    expect(items.at(1)).toMatchObject({ id, label: { kind: 'junk' } })

    source.fail = true
    await items.load(BLOCK, BLOCK)
    expect(items.store.getState().error).not.toBeNull()
    source.fail = false
    items.want(BLOCK, BLOCK)
    items.retry()
    await vi.waitFor(() => expect(items.at(BLOCK)).not.toBeNull())
    expect(items.store.getState().error).toBeNull()
  })
})
