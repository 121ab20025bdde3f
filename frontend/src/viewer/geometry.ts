/** Where the panes lie, and how a point of a pane maps to a voxel. Shared by WebGL, the 2D fallback and the overlay. */
import { STACK_AXIS, type Camera3d, type Layout, type Pane, type SlicePane, type Voxel } from './viewState'
import type { Shape } from './volume'

/** A rectangle; the origin is the top left corner. */
export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export type Axis = 0 | 1 | 2
export const AXIS_NAMES = ['z', 'y', 'x'] as const

/**
 * The tomogram axes that point right and up in a pane. Rows of the axial and the sagittal pane share y, columns of
 * the axial and the coronal pane share x, so that a crosshair runs on from one pane into the next.
 */
export const PANE_AXES: Readonly<Record<SlicePane, { right: Axis; up: Axis }>> = {
  axial: { right: 2, up: 1 },
  coronal: { right: 2, up: 0 },
  sagittal: { right: 0, up: 1 },
}

const GRID: Readonly<Record<Pane, Rect>> = {
  axial: { x: 0, y: 0, width: 0.5, height: 0.5 },
  sagittal: { x: 0.5, y: 0, width: 0.5, height: 0.5 },
  coronal: { x: 0, y: 0.5, width: 0.5, height: 0.5 },
  volume: { x: 0.5, y: 0.5, width: 0.5, height: 0.5 },
}

/** One big axial pane, the other three in a column beside it. */
const FOCUS: Readonly<Record<Pane, Rect>> = {
  axial: { x: 0, y: 0, width: 0.68, height: 1 },
  sagittal: { x: 0.68, y: 0, width: 0.32, height: 1 / 3 },
  coronal: { x: 0.68, y: 1 / 3, width: 0.32, height: 1 / 3 },
  volume: { x: 0.68, y: 2 / 3, width: 0.32, height: 1 / 3 },
}

/** Fractions of the stage for each visible pane; a maximised pane has it all. */
export function paneFractions(layout: Layout, maximised: Pane | null): Partial<Record<Pane, Rect>> {
  if (maximised !== null) return { [maximised]: { x: 0, y: 0, width: 1, height: 1 } }
  return layout === 'focus' ? FOCUS : GRID
}

/** Pixel rectangles of the visible panes, `gap` pixels apart. */
export function paneRects(
  layout: Layout,
  maximised: Pane | null,
  width: number,
  height: number,
  gap: number,
): Partial<Record<Pane, Rect>> {
  const rects: Partial<Record<Pane, Rect>> = {}
  for (const [pane, part] of Object.entries(paneFractions(layout, maximised)) as [Pane, Rect][]) {
    const left = Math.round(part.x * width) + (part.x > 0 ? Math.ceil(gap / 2) : 0)
    const top = Math.round(part.y * height) + (part.y > 0 ? Math.ceil(gap / 2) : 0)
    const atRight = part.x + part.width > 0.999
    const atBottom = part.y + part.height > 0.999
    const right = Math.round((part.x + part.width) * width) - (atRight ? 0 : Math.floor(gap / 2))
    const bottom = Math.round((part.y + part.height) * height) - (atBottom ? 0 : Math.floor(gap / 2))
    rects[pane] = { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) }
  }
  return rects
}

export function paneAt(rects: Partial<Record<Pane, Rect>>, x: number, y: number): Pane | null {
  for (const [pane, rect] of Object.entries(rects) as [Pane, Rect][]) {
    if (x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height) return pane
  }
  return null
}

/** Pixels per voxel, the same in all slice panes of one picture only if their sizes are the same. */
export function pixelsPerVoxel(shape: Shape, pane: SlicePane, rect: Rect, zoom: number): number {
  const { right, up } = PANE_AXES[pane]
  return zoom * 0.94 * Math.min(rect.width / shape[right], rect.height / shape[up])
}

/** Position of a voxel's centre in a pane, in the pixels `rect` is given in. */
export function voxelToScreen(
  voxel: Voxel,
  pane: SlicePane,
  rect: Rect,
  shape: Shape,
  zoom: number,
  centre: Voxel,
): { x: number; y: number } {
  const { right, up } = PANE_AXES[pane]
  const scale = pixelsPerVoxel(shape, pane, rect, zoom)
  return {
    x: rect.x + rect.width / 2 + (voxel[right] - centre[right]) * scale,
    y: rect.y + rect.height / 2 - (voxel[up] - centre[up]) * scale,
  }
}

/** The voxel coordinates (not rounded) under a point of a pane; along the stack it keeps the crosshair's slice. */
export function screenToVoxel(
  x: number,
  y: number,
  pane: SlicePane,
  rect: Rect,
  shape: Shape,
  zoom: number,
  centre: Voxel,
  crosshair: Voxel,
): Voxel {
  const { right, up } = PANE_AXES[pane]
  const scale = pixelsPerVoxel(shape, pane, rect, zoom)
  const voxel: [number, number, number] = [...crosshair]
  voxel[right] = centre[right] + (x - rect.x - rect.width / 2) / scale
  voxel[up] = centre[up] - (y - rect.y - rect.height / 2) / scale
  return voxel
}

/** Zoom by `factor` so that the voxel under (x, y) stays where it is. */
export function zoomAt(
  x: number,
  y: number,
  factor: number,
  pane: SlicePane,
  rect: Rect,
  shape: Shape,
  view: { readonly zoom: number; readonly centre: Voxel; readonly crosshair: Voxel },
): { zoom: number; centre: Voxel } {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), 24)
  if (zoom === 1) return { zoom, centre: [(shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2] }
  const before = screenToVoxel(x, y, pane, rect, shape, view.zoom, view.centre, view.crosshair)
  const after = screenToVoxel(x, y, pane, rect, shape, zoom, view.centre, view.crosshair)
  const centre: [number, number, number] = [...view.centre]
  const { right, up } = PANE_AXES[pane]
  centre[right] += before[right] - after[right]
  centre[up] += before[up] - after[up]
  return { zoom, centre }
}

/** First and last slice put together around `index`, both included and inside the stack. */
export function slabRange(index: number, slab: number, size: number): [first: number, last: number] {
  const half = Math.floor(slab / 2)
  return [Math.max(0, index - half), Math.min(size - 1, index + half)]
}

export function sliceIndex(crosshair: Voxel, pane: SlicePane): number {
  return crosshair[STACK_AXIS[pane]]
}

/** A round length (1, 2 or 5 times a power of ten) that fits into `maxPixels`, and how many pixels long it is. */
export function scaleBar(pixelsPerUnit: number, maxPixels: number): { length: number; pixels: number } {
  const longest = maxPixels / pixelsPerUnit
  const magnitude = 10 ** Math.floor(Math.log10(longest))
  const step = [5, 2, 1].find((candidate) => candidate * magnitude <= longest) ?? 1
  return { length: step * magnitude, pixels: step * magnitude * pixelsPerUnit }
}

type Vector = readonly [x: number, y: number, z: number]

/** Unit vectors (x, y, z) of the 3D camera: to the viewer, up and right on the screen. */
export function cameraBasis(camera: Camera3d): { toward: Vector; up: Vector; right: Vector } {
  const azimuth = (camera.azimuth * Math.PI) / 180
  const elevation = (camera.elevation * Math.PI) / 180
  const [ca, sa, ce, se] = [Math.cos(azimuth), Math.sin(azimuth), Math.cos(elevation), Math.sin(elevation)]
  return { toward: [ce * ca, ce * sa, se], up: [-se * ca, -se * sa, ce], right: [-sa, ca, 0] }
}

/** Pixels per voxel of the 3D view: the cube's space diagonal always fits. */
export function pixelsPerVoxel3d(shape: Shape, rect: Rect, zoom: number): number {
  const diagonal = Math.hypot(shape[0], shape[1], shape[2])
  return (zoom * 1.06 * Math.min(rect.width, rect.height)) / diagonal
}

/** Parallel projection of a voxel into the 3D pane. `depth` grows toward the viewer. */
export function projectVoxel(
  voxel: Voxel,
  rect: Rect,
  shape: Shape,
  camera: Camera3d,
): { x: number; y: number; depth: number } {
  const { toward, up, right } = cameraBasis(camera)
  const scale = pixelsPerVoxel3d(shape, rect, camera.zoom)
  const offset: Vector = [
    voxel[2] - (shape[2] - 1) / 2,
    voxel[1] - (shape[1] - 1) / 2,
    voxel[0] - (shape[0] - 1) / 2,
  ]
  const dot = (v: Vector): number => v[0] * offset[0] + v[1] * offset[1] + v[2] * offset[2]
  return {
    x: rect.x + rect.width / 2 + dot(right) * scale,
    y: rect.y + rect.height / 2 - dot(up) * scale,
    depth: dot(toward),
  }
}
