/** Where the gallery's items come from: the service, by a filter or for particles that were sent here. */
import { api, bodyOf } from '../api/client'
import { queryOf, type GalleryFilter } from './filter'
import type { GalleryCount, GalleryItem, ServedModel } from './types'

export interface Block {
  /** In the gallery's order; a hole where a particle is not in the project (any more). */
  readonly items: readonly (GalleryItem | null)[]
  /** Where the next block begins; null at the end. */
  readonly next: string | null
  readonly model: ServedModel
}

export interface GallerySource {
  count(): Promise<GalleryCount>
  /** The rank of the first item with this value of what the gallery is sorted by. */
  rankOf(value: number): Promise<number>
  /** `size` items from place `rank` on; `after` is the `next` of the block before, where that is known. */
  block(rank: number, size: number, after: string | null): Promise<Block>
}

export function gallerySource(slug: string, filter: GalleryFilter): GallerySource {
  return filter.ids === null ? filteredSource(slug, filter) : sentSource(slug, filter.ids)
}

const GALLERY = '/api/v1/projects/{slug}/gallery' as const
const COUNT = '/api/v1/projects/{slug}/gallery/count' as const

function filteredSource(slug: string, filter: GalleryFilter): GallerySource {
  const query = queryOf(filter)
  const path = { slug }
  return {
    count: () => bodyOf(api.GET(COUNT, { params: { path, query } })),
    rankOf: async (value) =>
      (await bodyOf(api.GET(COUNT, { params: { path, query: { ...query, value } } }))).before ?? 0,
    block: (rank, limit, after) => {
      const place = after === null ? { rank } : { after }
      return bodyOf(api.GET(GALLERY, { params: { path, query: { ...query, ...place, limit } } }))
    },
  }
}

function sentSource(slug: string, ids: readonly number[]): GallerySource {
  return {
    count: async () => ({ count: ids.length, is_capped: false, before: null }),
    rankOf: async () => 0,
    block: async (rank, limit) => {
      const wanted = ids.slice(rank, rank + limit)
      const query = { ids: wanted.join(','), limit }
      const page = await bodyOf(api.GET(GALLERY, { params: { path: { slug }, query } }))
      const found = new Map(page.items.map((item) => [item.id, item]))
      return { items: wanted.map((id) => found.get(id) ?? null), next: null, model: page.model }
    },
  }
}
