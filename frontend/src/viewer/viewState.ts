/** Everything the viewer shows, apart from the volume: serialisable, so the picture can be rebuilt from it. */
import type { StoreApi } from 'zustand/vanilla'
import { COLOUR_MAPS, type Tone } from './colours'
import { DEFAULT_WINDOW, type ContrastWindow } from './contrast'
import type { Shape } from './volume'

export const SLICE_PANES = ['axial', 'coronal', 'sagittal'] as const
export type SlicePane = (typeof SLICE_PANES)[number]
export type Pane = SlicePane | 'volume'
export const PANES: readonly Pane[] = ['axial', 'coronal', 'sagittal', 'volume']

/** Projection modes of the 3D view. */
export const MODES_3D = ['mip', 'average', 'minip', 'surface'] as const
export type Mode3d = (typeof MODES_3D)[number]
/** How several slices are put together into one. */
export const SLAB_MODES = ['mean', 'max', 'min', 'sum'] as const
export type SlabMode = (typeof SLAB_MODES)[number]
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

export interface ViewState extends Tone {
  /** The voxel under the crosshair; it chooses the three slices. */
  readonly crosshair: Voxel
  readonly crosshairVisible: boolean
  /** Contrast window in σ of the drawn volume. */
  readonly window: ContrastWindow
  readonly lowPassOn: boolean
  /** Cut-off of the slices' low-pass in ångström; null leaves it to the voxel size (see `effectiveLowPass`). */
  readonly lowPassAngstrom: number | null
  /** Show the volume as an autoencoder gives it back, unfiltered, where the service has it. */
  readonly denoised: boolean
  /** Show the active pane's slice of each layer beside each other, below the panes. */
  readonly layersOpen: boolean
  /** How many slices are put together into one; odd. */
  readonly slab: number
  readonly slabMode: SlabMode
  readonly smoothPixels: boolean
  readonly mode3d: Mode3d
  /** Surface threshold of the 3D view, in σ of the low-passed copy. */
  readonly surfaceLevel: number
  readonly layout: Layout
  readonly maximised: Pane | null
  /** The pane that keys act on: the last one pointed at. */
  readonly activePane: Pane
  /** The pane whose slices run by, to and fro; null while the picture stands still. */
  readonly playing: SlicePane | null
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
  gamma: 1,
  colourMap: 'grey',
  lowPassOn: true,
  lowPassAngstrom: null,
  denoised: false,
  layersOpen: false,
  slab: 1,
  slabMode: 'mean',
  smoothPixels: true,
  mode3d: 'mip',
  surfaceLevel: 2,
  layout: 'grid',
  maximised: null,
  activePane: 'axial',
  playing: null,
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

/** Whether the view is there already. */
export function isCentred({ crosshair, centre }: ViewState, shape: Shape): boolean {
  const middle = centred(shape)
  return [0, 1, 2].every(
    (axis) => crosshair[axis] === middle.crosshair[axis] && centre[axis] === middle.centre[axis],
  )
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

/** Switch the low-pass off, or back on at the same cut-off; the denoised layer gives way to it. */
export function toggleLowPass(state: ViewState): Pick<ViewState, 'lowPassOn' | 'denoised'> {
  return { lowPassOn: state.denoised || !state.lowPassOn, denoised: false }
}

/** What the panes show of a particle. */
export const LAYERS = ['raw', 'low-passed', 'denoised'] as const
export type Layer = (typeof LAYERS)[number]

export function shownLayer({ denoised, lowPassOn }: ViewState): Layer {
  return denoised ? 'denoised' : lowPassOn ? 'low-passed' : 'raw'
}

export function withLayer(layer: Layer): Partial<ViewState> {
  return layer === 'denoised' ? { denoised: true } : { denoised: false, lowPassOn: layer === 'low-passed' }
}

/** Choose a cut-off; 0 switches the low-pass off. */
export function withLowPass(angstrom: number): Partial<ViewState> {
  return angstrom > 0
    ? { lowPassOn: true, lowPassAngstrom: angstrom, denoised: false }
    : { lowPassOn: false, denoised: false }
}

/** Put two slices more or fewer together. */
export function stepSlab(state: ViewState, by: 1 | -1): Pick<ViewState, 'slab'> {
  return { slab: Math.min(Math.max(state.slab + 2 * by, 1), MAX_SLAB) }
}

/** The next way to put slices together. */
export function nextSlabMode({ slabMode }: ViewState): Pick<ViewState, 'slabMode'> {
  return { slabMode: after(SLAB_MODES, slabMode) }
}

export function nextColourMap({ colourMap }: ViewState): Pick<ViewState, 'colourMap'> {
  return { colourMap: after(COLOUR_MAPS, colourMap) }
}

function after<Value>(values: readonly Value[], value: Value): Value {
  return values[(values.indexOf(value) + 1) % values.length] ?? value
}

/** Contrast and colours as they are before anybody has chosen. */
export function resetContrast(): Pick<ViewState, 'window' | keyof Tone> {
  const { window, invert, gamma, colourMap } = INITIAL_VIEW
  return { window, invert, gamma, colourMap }
}

/** Let the slices of the active pane run by, or stop; the 3D view has none, the axial ones run then. */
export function togglePlay({ playing, activePane, maximised }: ViewState): Pick<ViewState, 'playing'> {
  const pane = maximised ?? activePane
  return { playing: playing === null ? (pane === 'volume' ? 'axial' : pane) : null }
}

export type ViewStore = StoreApi<ViewState>
