/** The view's state in the page, and what of it a person keeps in this browser, project by project. */
import { createJSONStorage, persist } from 'zustand/middleware'
import { createStore } from 'zustand/vanilla'
import { COLOUR_MAPS, GAMMA_LIMITS } from './colours'
import { clampWindow } from './contrast'
import { INITIAL_VIEW, MAX_SLAB, MODES_3D, SLAB_MODES, type ViewState, type ViewStore } from './viewState'

/** Matters of taste, and of a project's data; positions and cameras start afresh. */
const KEPT = [
  'window',
  'invert',
  'gamma',
  'colourMap',
  'lowPassOn',
  'lowPassAngstrom',
  'denoised',
  'layersOpen',
  'slab',
  'slabMode',
  'smoothPixels',
  'mode3d',
  'surfaceLevel',
  'layout',
  'crosshairVisible',
] as const satisfies readonly (keyof ViewState)[]
type KeptView = Pick<ViewState, (typeof KEPT)[number]>

/** Raise it when a kept value changes its meaning: what another version wrote is then left alone. */
const VERSION = 1

function keptView(state: ViewState): KeptView {
  return Object.fromEntries(KEPT.map((key) => [key, state[key]])) as unknown as KeptView
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const numberIn = (value: unknown, low: number, high: number, otherwise: number): number =>
  isNumber(value) ? Math.min(Math.max(value, low), high) : otherwise
const booleanOr = (value: unknown, otherwise: boolean): boolean =>
  typeof value === 'boolean' ? value : otherwise
const oneOf = <Value>(value: unknown, allowed: readonly Value[], otherwise: Value): Value =>
  allowed.find((one) => one === value) ?? otherwise

/** Take from storage only what is sound: a person or another program may have written it. */
export function restoreView(stored: unknown, fallback: ViewState): ViewState {
  if (typeof stored !== 'object' || stored === null) return fallback
  const kept = stored as Partial<Record<keyof KeptView, unknown>>
  const [low, high] = Array.isArray(kept.window) ? (kept.window as unknown[]) : []
  const slab = Math.round(numberIn(kept.slab, 1, MAX_SLAB, fallback.slab))
  return {
    ...fallback,
    window: isNumber(low) && isNumber(high) ? clampWindow([low, high]) : fallback.window,
    invert: booleanOr(kept.invert, fallback.invert),
    gamma: numberIn(kept.gamma, ...GAMMA_LIMITS, fallback.gamma),
    colourMap: oneOf(kept.colourMap, COLOUR_MAPS, fallback.colourMap),
    lowPassOn: booleanOr(kept.lowPassOn, fallback.lowPassOn),
    lowPassAngstrom: isNumber(kept.lowPassAngstrom)
      ? numberIn(kept.lowPassAngstrom, 1, 1000, 1)
      : fallback.lowPassAngstrom,
    denoised: booleanOr(kept.denoised, fallback.denoised),
    layersOpen: booleanOr(kept.layersOpen, fallback.layersOpen),
    slab: slab % 2 === 1 ? slab : slab - 1,
    slabMode: oneOf(kept.slabMode, SLAB_MODES, fallback.slabMode),
    smoothPixels: booleanOr(kept.smoothPixels, fallback.smoothPixels),
    mode3d: oneOf(kept.mode3d, MODES_3D, fallback.mode3d),
    surfaceLevel: numberIn(kept.surfaceLevel, -6, 12, fallback.surfaceLevel),
    layout: oneOf(kept.layout, ['grid', 'focus'] as const, fallback.layout),
    crosshairVisible: booleanOr(kept.crosshairVisible, fallback.crosshairVisible),
  }
}

/** One store a page. What a person chooses in a project is kept in this browser under both their ids. */
export function createViewStore(userId: string, projectId: string): ViewStore {
  return createStore<ViewState>()(
    persist(() => INITIAL_VIEW, {
      name: `tomosift.view.${userId}.${projectId}`,
      version: VERSION,
      migrate: () => ({}) as KeptView,
      storage: createJSONStorage(() => localStorage),
      partialize: keptView,
      merge: (stored, current) => restoreView(stored, current),
    }),
  )
}
