/**
 * The gallery's items by their rank, read in blocks as they come into sight.
 *
 * A block next to one that is there goes on from it (as quick at any depth); after a jump it is read by its rank. The
 * list stays as it was read, also when decisions change what the filter would find: what one has just labeled does not
 * run away under one's eyes.
 */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { GallerySource, Block } from './source'
import type { GalleryItem, Label, ServedModel } from './types'

export const BLOCK = 120
const MOST_AT_ONCE = 3

export interface GalleryState {
  /** How many there are; null while it is being counted. */
  readonly count: number | null
  /** There are more than `count`. */
  readonly isCapped: boolean
  readonly model: ServedModel | null
  /** Why the last request failed; null when it did not. */
  readonly error: unknown
  /** Grows with everything that arrives or changes. */
  readonly version: number
}

export class GalleryItems {
  readonly store: StoreApi<GalleryState>
  private readonly blocks = new Map<number, Block>()
  private readonly loading = new Map<number, Promise<void>>()
  private readonly labels = new Map<number, Label | null>()
  private wanted: number[] = []
  private ended = false

  constructor(private readonly source: GallerySource) {
    this.store = createStore<GalleryState>(() => ({
      count: null,
      isCapped: false,
      model: null,
      error: null,
      version: 0,
    }))
  }

  /** Begin with the first block and the count. */
  async start(): Promise<void> {
    this.ended = false
    await Promise.all([this.load(0, BLOCK - 1), this.recount()])
  }

  dispose(): void {
    this.ended = true
  }

  /** The item at a place of the order; null while it is not there. */
  at(rank: number): GalleryItem | null {
    const item = this.blocks.get(Math.floor(rank / BLOCK))?.items[rank % BLOCK] ?? null
    if (item === null) return null
    const label = this.labels.get(item.id)
    return label === undefined ? item : { ...item, label }
  }

  /** Have these places read, and nothing else that was asked for before and has not begun. */
  want(first: number, last: number): void {
    this.wanted = this.missing(first, last)
    this.goOn()
  }

  /** Have these places read; resolves when they are. */
  async load(first: number, last: number): Promise<void> {
    await Promise.all(this.missing(first, last).map((number) => this.fetch(number)))
  }

  /** The items of some places, read where necessary. */
  async between(first: number, last: number): Promise<GalleryItem[]> {
    await this.load(first, last)
    const found: GalleryItem[] = []
    for (let rank = first; rank <= last; rank++) {
      const item = this.at(rank)
      if (item !== null) found.push(item)
    }
    return found
  }

  /** Where the first item with this value is. */
  rankOf(value: number): Promise<number> {
    return this.source.rankOf(value)
  }

  /** Show these labels from now on: decided here, or taken back. */
  relabel(labels: ReadonlyMap<number, Label | null>): void {
    for (const [id, label] of labels) this.labels.set(id, label)
    this.changed({})
  }

  /** The tomograms of what has been read, by name. */
  tomograms(): readonly string[] {
    const names = new Set<string>()
    for (const { items } of this.blocks.values()) {
      for (const item of items) if (item?.tomogram != null) names.add(item.tomogram)
    }
    return [...names].sort()
  }

  /** Read everything anew. */
  renew(): void {
    this.blocks.clear()
    void this.start()
  }

  /** Read again what failed. */
  retry(): void {
    this.store.setState({ error: null })
    this.goOn()
    if (this.store.getState().count === null) void this.recount()
  }

  private missing(first: number, last: number): number[] {
    const count = this.store.getState().count
    const end = count === null || this.store.getState().isCapped ? last : Math.min(last, count - 1)
    const numbers: number[] = []
    for (let number = Math.floor(Math.max(0, first) / BLOCK); number * BLOCK <= end; number++) {
      if (!this.blocks.has(number)) numbers.push(number)
    }
    return numbers
  }

  private goOn(): void {
    for (const number of this.wanted) {
      if (this.loading.size >= MOST_AT_ONCE) return
      if (!this.blocks.has(number)) void this.fetch(number)
    }
  }

  private fetch(number: number): Promise<void> {
    const running = this.loading.get(number)
    if (running !== undefined) return running
    const begun = this.read(number).finally(() => {
      this.loading.delete(number)
      if (this.store.getState().error === null) this.goOn()
    })
    this.loading.set(number, begun)
    return begun
  }

  private async read(number: number): Promise<void> {
    const after = this.blocks.get(number - 1)?.next ?? null
    try {
      const block = await this.source.block(number * BLOCK, BLOCK, after)
      if (this.ended) return
      this.blocks.set(number, block)
      this.changed({ model: block.model, error: null })
    } catch (error) {
      if (!this.ended) this.changed({ error })
    }
  }

  private async recount(): Promise<void> {
    try {
      const { count, is_capped } = await this.source.count()
      if (!this.ended) this.changed({ count, isCapped: is_capped })
    } catch (error) {
      if (!this.ended) this.changed({ error })
    }
  }

  private changed(change: Partial<GalleryState>): void {
    this.store.setState((state) => ({ ...change, version: state.version + 1 }))
  }
}
