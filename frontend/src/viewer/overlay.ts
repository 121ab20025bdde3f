/** Draws over the picture: crosshair, axes, slice numbers, scale bars, the outline of the box in 3D. CSS pixels. */
import {
  AXIS_NAMES,
  PANE_AXES,
  pixelsPerVoxel,
  pixelsPerVoxel3d,
  projectVoxel,
  scaleBar,
  sliceIndex,
  voxelToScreen,
  type Rect,
} from './geometry'
import { SLICE_PANES, STACK_AXIS, type Pane, type SlicePane, type ViewState, type Voxel } from './viewState'
import { formatLength, type Shape } from './volume'

/** One colour an axis, the same everywhere: x red, y green, z blue, each light enough for a dark ground. */
export const AXIS_COLOURS = ['#6fb7ff', '#7fd8a0', '#ff9e8a'] as const

const TEXT = 'rgb(223 228 232 / 92%)'
const FAINT = 'rgb(152 162 172 / 85%)'
const SHADOW = 'rgb(0 0 0 / 75%)'
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif'
const STRONG = `600 ${FONT}`

const PANE_TITLES: Readonly<Record<Pane, string>> = {
  axial: 'XY',
  coronal: 'XZ',
  sagittal: 'ZY',
  volume: '3D',
}

/** Narrower panes, in CSS pixels, have no room for the layer's name beside their own. */
const LEAST_FOR_LAYER = 240
const MODE_TITLES = { mip: 'maximum', average: 'average', minip: 'minimum', surface: 'surface' } as const

export interface OverlayInput {
  readonly state: ViewState
  readonly rects: Partial<Record<Pane, Rect>>
  /** Null where there is nothing to show. */
  readonly volume: { readonly shape: Shape; readonly voxelSizeAngstrom: number | null } | null
  /** A line for the 3D pane: what it waits for or why it is empty. */
  readonly volumeNote: string | null
  readonly has3d: boolean
  /** Which copy the slices show: "low-pass 54 Å". */
  readonly layer: string
  /** Low-pass of the 3D copy in ångström. */
  readonly densityAngstrom: number
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  style: { colour?: string; align?: CanvasTextAlign; font?: string } = {},
): void {
  context.font = style.font ?? FONT
  context.textAlign = style.align ?? 'left'
  context.lineWidth = 3
  context.strokeStyle = SHADOW
  context.strokeText(text, x, y)
  context.fillStyle = style.colour ?? TEXT
  context.fillText(text, x, y)
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath()
  context.moveTo(x1, y1)
  context.lineTo(x2, y2)
  context.stroke()
}

function drawCrosshair(
  context: CanvasRenderingContext2D,
  pane: SlicePane,
  rect: Rect,
  shape: Shape,
  state: ViewState,
): void {
  const { right, up } = PANE_AXES[pane]
  const at = voxelToScreen(state.crosshair, pane, rect, shape, state.zoom, state.centre)
  const [x, y] = [Math.round(at.x) + 0.5, Math.round(at.y) + 0.5]
  // A gap in the middle keeps the voxel itself in sight.
  const gap = Math.max(8, 1.6 * pixelsPerVoxel(shape, pane, rect, state.zoom))
  context.lineWidth = 1
  context.globalAlpha = 0.5
  // The vertical line is where x (the pane's right axis) is constant: it carries that axis' colour.
  context.strokeStyle = AXIS_COLOURS[right]
  line(context, x, rect.y, x, y - gap)
  line(context, x, y + gap, x, rect.y + rect.height)
  context.strokeStyle = AXIS_COLOURS[up]
  line(context, rect.x, y, x - gap, y)
  line(context, x + gap, y, rect.x + rect.width, y)
  context.globalAlpha = 1
}

function arrow(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  dx: number,
  dy: number,
  axis: 0 | 1 | 2,
): void {
  const length = Math.hypot(dx, dy)
  if (length < 3) return
  const [ux, uy] = [dx / length, dy / length]
  context.strokeStyle = AXIS_COLOURS[axis]
  context.fillStyle = AXIS_COLOURS[axis]
  context.lineWidth = 1.5
  line(context, x, y, x + dx - 4 * ux, y + dy - 4 * uy)
  context.beginPath()
  context.moveTo(x + dx, y + dy)
  context.lineTo(x + dx - 6 * ux - 3 * uy, y + dy - 6 * uy + 3 * ux)
  context.lineTo(x + dx - 6 * ux + 3 * uy, y + dy - 6 * uy - 3 * ux)
  context.fill()
  write(context, AXIS_NAMES[axis], x + dx + 7 * ux, y + dy + 7 * uy + 3.5, {
    colour: AXIS_COLOURS[axis],
    align: 'center',
    font: STRONG,
  })
}

function drawScaleBar(
  context: CanvasRenderingContext2D,
  rect: Rect,
  pixelsPerVoxel: number,
  voxelSizeAngstrom: number | null,
): void {
  const [unit, pixelsPerUnit] =
    voxelSizeAngstrom === null
      ? ['voxels', pixelsPerVoxel]
      : ['nm', (pixelsPerVoxel * 10) / voxelSizeAngstrom]
  const bar = scaleBar(pixelsPerUnit, Math.min(110, rect.width / 3))
  const [x, y] = [rect.x + rect.width - 12, rect.y + rect.height - 12]
  context.lineWidth = 4
  context.strokeStyle = SHADOW
  line(context, x - bar.pixels - 1, y, x + 1, y)
  context.lineWidth = 2
  context.strokeStyle = TEXT
  line(context, x - bar.pixels, y, x, y)
  write(context, `${Number(bar.length.toPrecision(3))} ${unit}`, x - bar.pixels / 2, y - 6, {
    align: 'center',
  })
}

function drawSlicePane(
  context: CanvasRenderingContext2D,
  pane: SlicePane,
  rect: Rect,
  input: OverlayInput,
): void {
  const { state, volume } = input
  const axis = STACK_AXIS[pane]
  write(context, PANE_TITLES[pane], rect.x + 12, rect.y + 20, { font: STRONG })
  if (volume === null) return
  if (rect.width > LEAST_FOR_LAYER) write(context, input.layer, rect.x + 36, rect.y + 20, { colour: FAINT })
  if (state.crosshairVisible) drawCrosshair(context, pane, rect, volume.shape, state)
  const slab = state.slab > 1 ? `  ·  ${state.slabMode} of ${state.slab}` : ''
  const label = `${AXIS_NAMES[axis]} ${sliceIndex(state.crosshair, pane) + 1} / ${volume.shape[axis]}${slab}`
  write(context, label, rect.x + rect.width - 12, rect.y + 20, { align: 'right', colour: AXIS_COLOURS[axis] })
  const { right, up } = PANE_AXES[pane]
  const [x, y] = [rect.x + 14, rect.y + rect.height - 14]
  arrow(context, x, y, 22, 0, right)
  arrow(context, x, y, 0, -22, up)
  drawScaleBar(context, rect, pixelsPerVoxel(volume.shape, pane, rect, state.zoom), volume.voxelSizeAngstrom)
}

/** The twelve edges of the box, those behind fainter. */
function drawBox(context: CanvasRenderingContext2D, rect: Rect, shape: Shape, state: ViewState): void {
  const [z1, y1, x1] = [shape[0] - 0.5, shape[1] - 0.5, shape[2] - 0.5]
  const corner = (index: number): Voxel => [
    index & 4 ? z1 : -0.5,
    index & 2 ? y1 : -0.5,
    index & 1 ? x1 : -0.5,
  ]
  const corners = Array.from({ length: 8 }, (_, index) =>
    projectVoxel(corner(index), rect, shape, state.camera),
  )
  const farthest = Math.min(...corners.map((c) => c.depth))
  for (let a = 0; a < 8; a++) {
    for (const bit of [1, 2, 4]) {
      const [from, to] = [corners[a], corners[a | bit]]
      if (a & bit || from === undefined || to === undefined) continue
      context.strokeStyle = FAINT
      context.lineWidth = 1
      context.globalAlpha = Math.min(from.depth, to.depth) <= farthest + 1e-6 ? 0.16 : 0.42
      line(context, from.x, from.y, to.x, to.y)
    }
  }
  context.globalAlpha = 1
}

function drawVolumePane(context: CanvasRenderingContext2D, rect: Rect, input: OverlayInput): void {
  const { state, volume } = input
  const title = input.has3d ? MODE_TITLES[state.mode3d] : 'maximum along z'
  write(context, input.has3d ? PANE_TITLES.volume : 'XY', rect.x + 12, rect.y + 20, { font: STRONG })
  write(context, title, rect.x + 36, rect.y + 20, { colour: FAINT })
  if (volume === null) return
  if (rect.width > LEAST_FOR_LAYER) {
    const lowPass = `low-pass ${formatLength(input.densityAngstrom, volume.voxelSizeAngstrom)}`
    write(context, lowPass, rect.x + rect.width - 12, rect.y + 20, { align: 'right', colour: FAINT })
  }
  if (input.volumeNote !== null) {
    write(context, input.volumeNote, rect.x + rect.width / 2, rect.y + rect.height / 2, {
      align: 'center',
      colour: FAINT,
    })
  }
  if (!input.has3d) return
  drawBox(context, rect, volume.shape, state)
  drawTriad(context, rect, state)
  drawScaleBar(
    context,
    rect,
    pixelsPerVoxel3d(volume.shape, rect, state.camera.zoom),
    volume.voxelSizeAngstrom,
  )
}

/** The three axes in a corner of the 3D pane, turned with it. */
function drawTriad(context: CanvasRenderingContext2D, rect: Rect, state: ViewState): void {
  const size: Rect = { x: 0, y: 0, width: 1, height: 1 }
  const origin = projectVoxel([0, 0, 0], size, [1, 1, 1], { ...state.camera, zoom: 1 })
  const [x, y] = [rect.x + 40, rect.y + rect.height - 36]
  for (const axis of [0, 1, 2] as const) {
    const voxel: [number, number, number] = [0, 0, 0]
    voxel[axis] = 1
    const tip = projectVoxel(voxel, size, [1, 1, 1], { ...state.camera, zoom: 1 })
    const length = 24 / pixelsPerVoxel3d([1, 1, 1], size, 1)
    arrow(context, x, y, (tip.x - origin.x) * length, (tip.y - origin.y) * length, axis)
  }
}

/** Clear the overlay and draw it for this state. */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  input: OverlayInput,
): void {
  context.clearRect(0, 0, width, height)
  context.lineJoin = 'round'
  for (const [pane, rect] of Object.entries(input.rects) as [Pane, Rect][]) {
    context.save()
    context.beginPath()
    context.rect(rect.x, rect.y, rect.width, rect.height)
    context.clip()
    const slice = SLICE_PANES.find((name) => name === pane)
    if (slice !== undefined) drawSlicePane(context, slice, rect, input)
    else drawVolumePane(context, rect, input)
    context.restore()
  }
}
