/** Everything the viewer shows, apart from the volume: serialisable, so the picture can be rebuilt from it. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { createJSONStorage, persist } from 'zustand/middleware'
import { clampWindow, DEFAULT_WINDOW, type ContrastWindow } from './contrast'
import type { Shape } from './volume'

export const SLICE_PANES = ['axial', 'coronal', 'sagittal'] as const
export type SlicePane = (typeof SLICE_PANES)[number]
export type Pane = SlicePane | 'volume'
export const PANES: readonly Pane[] = ['axial', 'coronal', 'sagittal', 'volume']

/** Projection modes of the 3D view. */
export const MODES_3D = ['mip', 'average', 'minip', 'surface'] as const
export type Mode3d = (typeof MODES_3D)[number]
export type Layout = 'grid' | 'focus'
/** A voxel as (z, y, x). */
export type Voxel = readonly [z: number, y: number, x: number]

export interface Camera3d {
  /** Degrees around the tomogram's z axis. */
  readonly azimuth: number
  /** Degrees above the xy plane; 90 looks down the z axis. */
  readonly elevation: number
  readonly zoom: number
}

export interface ViewState {
  /** The voxel under the crosshair; it chooses the three slices. */
  readonly crosshair: Voxel
  readonly crosshairVisible: boolean
  /** Contrast window in σ of the drawn volume. */
  readonly window: ContrastWindow
  readonly invert: boolean
  readonly lowPassOn: boolean
  /** Cut-off of the slices' low-pass in ångström; null leaves it to the voxel size (see `effectiveLowPass`). */
  readonly lowPassAngstrom: number | null
  /** How many slices are averaged in one; odd. */
  readonly slab: number
  readonly smoothPixels: boolean
  readonly mode3d: Mode3d
  /** Surface threshold of the 3D view, in σ of the low-passed copy. */
  readonly surfaceLevel: number
  readonly layout: Layout
  readonly maximised: Pane | null
  /** The pane that keys act on: the last one pointed at. */
  readonly activePane: Pane
  readonly zoom: number
  /** The point in the middle of the slice panes, in voxels (z, y, x). */
  readonly centre: Voxel
  readonly camera: Camera3d
}

export const DEFAULT_CAMERA: Camera3d = { azimuth: -60, elevation: 25, zoom: 1 }
export const MAX_SLAB = 15

export const INITIAL_VIEW: ViewState = {
  crosshair: [0, 0, 0],
  crosshairVisible: true,
  window: DEFAULT_WINDOW,
  invert: false,
  lowPassOn: true,
  lowPassAngstrom: null,
  slab: 1,
  smoothPixels: true,
  mode3d: 'mip',
  surfaceLevel: 2,
  layout: 'grid',
  maximised: null,
  activePane: 'axial',
  zoom: 1,
  centre: [0, 0, 0],
  camera: DEFAULT_CAMERA,
}

/** The axis (0 = z, 1 = y, 2 = x) a pane's slices are stacked along. */
export const STACK_AXIS: Readonly<Record<SlicePane, 0 | 1 | 2>> = { axial: 0, coronal: 1, sagittal: 2 }

export function centreVoxel(shape: Shape): Voxel {
  return [Math.floor(shape[0] / 2), Math.floor(shape[1] / 2), Math.floor(shape[2] / 2)]
}

export function clampVoxel(voxel: Voxel, shape: Shape): Voxel {
  const clamp = (value: number, size: number): number => Math.min(Math.max(Math.round(value), 0), size - 1)
  return [clamp(voxel[0], shape[0]), clamp(voxel[1], shape[1]), clamp(voxel[2], shape[2])]
}

/** Move to the middle of a volume of this shape; contrast, filter and the 3D camera stay as they are. */
export function centred(shape: Shape): Pick<ViewState, 'crosshair' | 'centre'> {
  return {
    crosshair: centreVoxel(shape),
    centre: [(shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2],
  }
}

/** Step `by` slices through the stack of a pane. */
export function stepSlice(
  state: ViewState,
  pane: Pane,
  by: number,
  shape: Shape,
): Pick<ViewState, 'crosshair'> {
  if (pane === 'volume') return { crosshair: state.crosshair }
  const moved: [number, number, number] = [...state.crosshair]
  moved[STACK_AXIS[pane]] += by
  return { crosshair: clampVoxel(moved, shape) }
}

/**
 * The cut-off where nobody has chosen one, in voxels. At the signal-to-noise ratio of a tomogram unfiltered slices
 * show next to nothing of a particle; this keeps most of what its shape is known by.
 */
const DEFAULT_LOW_PASS_VOXELS = 4

/** The cut-off the slices are filtered with, in ångström; 0 is off. */
export function effectiveLowPass(
  state: Pick<ViewState, 'lowPassOn' | 'lowPassAngstrom'>,
  voxelSizeAngstrom: number,
): number {
  return state.lowPassOn ? (state.lowPassAngstrom ?? DEFAULT_LOW_PASS_VOXELS * voxelSizeAngstrom) : 0
}

/** Switch the low-pass off, or back on at the same cut-off. */
export function toggleLowPass(state: ViewState): Pick<ViewState, 'lowPassOn'> {
  return { lowPassOn: !state.lowPassOn }
}

/** Choose a cut-off; 0 switches the low-pass off. */
export function withLowPass(angstrom: number): Partial<ViewState> {
  return angstrom > 0 ? { lowPassOn: true, lowPassAngstrom: angstrom } : { lowPassOn: false }
}

/** Average two slices more or fewer. */
export function stepSlab(state: ViewState, by: 1 | -1): Pick<ViewState, 'slab'> {
  return { slab: Math.min(Math.max(state.slab + 2 * by, 1), MAX_SLAB) }
}

/** The taste a person keeps from one visit to the next; positions and cameras start afresh. */
type KeptView = Pick<
  ViewState,
  | 'window'
  | 'invert'
  | 'lowPassOn'
  | 'lowPassAngstrom'
  | 'slab'
  | 'smoothPixels'
  | 'mode3d'
  | 'surfaceLevel'
  | 'layout'
  | 'crosshairVisible'
>

function keptView(state: ViewState): KeptView {
  const {
    window,
    invert,
    lowPassOn,
    lowPassAngstrom,
    slab,
    smoothPixels,
    mode3d,
    surfaceLevel,
    layout,
    crosshairVisible,
  } = state
  return {
    window,
    invert,
    lowPassOn,
    lowPassAngstrom,
    slab,
    smoothPixels,
    mode3d,
    surfaceLevel,
    layout,
    crosshairVisible,
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const numberIn = (value: unknown, low: number, high: number, otherwise: number): number =>
  isNumber(value) ? Math.min(Math.max(value, low), high) : otherwise

/** Take from storage only what is sound: another version of the program may have written it. */
export function restoreView(stored: unknown, fallback: ViewState): ViewState {
  if (typeof stored !== 'object' || stored === null) return fallback
  const kept = stored as Partial<Record<keyof KeptView, unknown>>
  const pair = Array.isArray(kept.window) ? (kept.window as unknown[]) : []
  const isBoolean = (value: unknown, otherwise: boolean): boolean =>
    typeof value === 'boolean' ? value : otherwise
  const slab = Math.round(numberIn(kept.slab, 1, MAX_SLAB, fallback.slab))
  return {
    ...fallback,
    window: isNumber(pair[0]) && isNumber(pair[1]) ? clampWindow([pair[0], pair[1]]) : fallback.window,
    invert: isBoolean(kept.invert, fallback.invert),
    lowPassOn: isBoolean(kept.lowPassOn, fallback.lowPassOn),
    lowPassAngstrom: isNumber(kept.lowPassAngstrom)
      ? numberIn(kept.lowPassAngstrom, 1, 1000, 1)
      : fallback.lowPassAngstrom,
    slab: slab % 2 === 1 ? slab : slab - 1,
    smoothPixels: isBoolean(kept.smoothPixels, fallback.smoothPixels),
    mode3d: MODES_3D.find((mode) => mode === kept.mode3d) ?? fallback.mode3d,
    surfaceLevel: numberIn(kept.surfaceLevel, -6, 12, fallback.surfaceLevel),
    layout: kept.layout === 'focus' ? 'focus' : 'grid',
    crosshairVisible: isBoolean(kept.crosshairVisible, fallback.crosshairVisible),
  }
}

export type ViewStore = StoreApi<ViewState>

/** One store a page. What a person chose is kept in this browser under `storageKey`. */
export function createViewStore(storageKey = 'tomosift.view'): ViewStore {
  return createStore<ViewState>()(
    persist(() => INITIAL_VIEW, {
      name: storageKey,
      version: 1,
      storage: createJSONStorage(() => localStorage),
      partialize: keptView,
      merge: (stored, current) => restoreView(stored, current),
    }),
  )
}
