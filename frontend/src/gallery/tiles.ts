/** Small pictures by the hundred: asked for together, kept while they may come into sight again. */
import { rawRequest } from '../api/rawRequest'
import type { GalleryItem, TileView } from './types'

/** How the pictures are made by the service. */
export interface TileLook {
  readonly view: TileView
  /** Å; null for none. */
  readonly lowPass: number | null
}

/** Square pictures of one byte a pixel; 0 and 255 are -4 and +4 σ of the picture's own pixels. */
export interface Tile {
  readonly edge: number
  readonly greys: Uint8Array
}

export const TILE_RANGE = 4
const PIXELS = 64
const AT_ONCE = 96
const KEPT = 6000
const HASH_DIGITS = 8
const REQUESTS = 2

export type FetchTiles = (items: readonly GalleryItem[], look: TileLook) => Promise<readonly Tile[]>

/** Tiles from the service; the address names their content, so the browser keeps them for ever. */
export function httpTiles(slug: string): FetchTiles {
  return async (items, { view, lowPass }) => {
    const ids = items.map(({ id, content_hash }) => `${id}-${content_hash.slice(0, HASH_DIGITS)}`).join(',')
    const filter = lowPass === null ? '' : `&low_pass=${lowPass}`
    const base = `/api/v1/projects/${encodeURIComponent(slug)}/tiles`
    const response = await rawRequest(`${base}?ids=${ids}&view=${view}&size=${PIXELS}${filter}`)
    const edge = Number(response.headers.get('X-Tile-Edge'))
    const bytes = new Uint8Array(await response.arrayBuffer())
    const size = edge * edge
    return items.map((_, index) => ({ edge, greys: bytes.subarray(index * size, (index + 1) * size) }))
  }
}

const lookName = ({ view, lowPass }: TileLook): string => `${view}/${lowPass ?? ''}`

export class TileCache {
  private readonly tiles = new Map<string, Tile>()
  private readonly asked = new Set<string>()
  private queue: GalleryItem[] = []
  private running = 0
  private look: TileLook = { view: 'central', lowPass: null }

  constructor(
    private readonly fetchTiles: FetchTiles,
    private readonly onArrive: () => void,
  ) {}

  get(item: GalleryItem): Tile | null {
    return this.tiles.get(this.nameOf(item)) ?? null
  }

  /** Have the tiles of these items, made so; what was wanted before and not begun is forgotten. */
  want(items: readonly GalleryItem[], look: TileLook): void {
    this.look = look
    this.queue = items.filter((item) => {
      const name = this.nameOf(item)
      const tile = this.tiles.get(name)
      if (tile !== undefined) {
        this.tiles.delete(name) // what is in sight goes last, so that what is forgotten is not
        this.tiles.set(name, tile)
      }
      return tile === undefined && !this.asked.has(name)
    })
    this.goOn()
  }

  private nameOf(item: GalleryItem): string {
    return `${lookName(this.look)}/${item.content_hash}`
  }

  private goOn(): void {
    while (this.running < REQUESTS && this.queue.length > 0) void this.fetch(this.queue.splice(0, AT_ONCE))
  }

  private async fetch(items: readonly GalleryItem[]): Promise<void> {
    const { look } = this
    const names = items.map((item) => this.nameOf(item))
    for (const name of names) this.asked.add(name)
    this.running += 1
    try {
      const tiles = await this.fetchTiles(items, look)
      names.forEach((name, index) => this.tiles.set(name, tiles[index]!))
      for (const oldest of this.tiles.keys()) {
        if (this.tiles.size <= KEPT) break
        this.tiles.delete(oldest)
      }
    } catch {
      // The connection's banner tells; they are asked for again when they are wanted again.
    } finally {
      for (const name of names) this.asked.delete(name)
      this.running -= 1
    }
    this.onArrive()
    this.goOn()
  }
}
