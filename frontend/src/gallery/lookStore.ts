/** How the gallery's tiles look, kept in this browser for each person and project. */
import { createJSONStorage, persist } from 'zustand/middleware'
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { TileView } from './types'

export interface GalleryLook {
  /** Edge of a tile in CSS pixels. */
  readonly size: number
  readonly view: TileView
  /** Black and white end of the contrast, in σ of each picture. */
  readonly low: number
  readonly high: number
  readonly invert: boolean
  /** Å; 0 for none. */
  readonly lowPass: number
}

export const SIZES = [48, 176] as const
export const SIZE_STEP = 16
export const SIGMAS = [-4, 4] as const
const NARROWEST = 0.25
const VIEWS: readonly TileView[] = ['central', 'sum', 'max', 'min']

export const INITIAL_LOOK: GalleryLook = {
  size: 96,
  view: 'central',
  low: -3,
  high: 3,
  invert: false,
  lowPass: 0,
}

const within = (value: unknown, low: number, high: number, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(value, low), high) : otherwise

/** Take only what is sound of what a look is to be. */
export function soundLook(wanted: Partial<GalleryLook>): GalleryLook {
  const low = within(wanted.low, SIGMAS[0], SIGMAS[1] - NARROWEST, INITIAL_LOOK.low)
  return {
    size: within(wanted.size, ...SIZES, INITIAL_LOOK.size),
    view: VIEWS.find((view) => view === wanted.view) ?? 'central',
    low,
    high: Math.max(within(wanted.high, ...SIGMAS, INITIAL_LOOK.high), low + NARROWEST),
    invert: wanted.invert === true,
    lowPass: within(wanted.lowPass, 0, 1000, 0),
  }
}

export function createLookStore(userId: string, projectId: string): StoreApi<GalleryLook> {
  return createStore<GalleryLook>()(
    persist(() => INITIAL_LOOK, {
      name: `tomosift.gallery.${userId}.${projectId}`,
      storage: createJSONStorage(() => localStorage),
      merge: (stored) => soundLook((stored ?? {}) as Partial<GalleryLook>),
    }),
  )
}
