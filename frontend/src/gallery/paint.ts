/** Draws the tiles in sight on a canvas: picture, label, prediction, selection. */
import { cornerOf, GAP, type Grid, type Point } from './grid'
import { TILE_RANGE, type Tile } from './tiles'
import type { GalleryItem } from './types'

/** How greys are shown, the same for all tiles. */
export interface Contrast {
  /** Black and white end, in σ of each picture. */
  readonly low: number
  readonly high: number
  readonly invert: boolean
}

/** How a class is marked on a tile: its colour, and a sign so that colour is not the only cue. */
export interface Mark {
  readonly sign: string
  readonly colour: string
}

export interface Scene {
  readonly grid: Grid
  readonly top: number
  readonly width: number
  readonly height: number
  readonly first: number
  readonly last: number
  readonly contrast: Contrast
  readonly itemAt: (rank: number) => GalleryItem | null
  readonly tileOf: (item: GalleryItem) => Tile | null
  readonly markOf: (said: { kind: string | null; class_id: string | null }) => Mark | null
  readonly isSelected: (item: GalleryItem) => boolean
  /** Where the keyboard is, while it has the focus. */
  readonly cursor: number | null
  /** What is being drawn with the pointer, in the grid. */
  readonly outline: readonly Point[]
}

/** 256 greys from the bytes of tiles. */
export function greyTable({ low, high, invert }: Contrast): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256)
  for (let byte = 0; byte < 256; byte++) {
    const sigma = (byte / 127.5 - 1) * TILE_RANGE
    const share = (sigma - low) / Math.max(high - low, 1e-3)
    table[byte] = 255 * (invert ? 1 - share : share)
  }
  return table
}

export class GalleryPainter {
  private readonly scratch = document.createElement('canvas')
  private pixels: ImageData | null = null

  constructor(private readonly canvas: HTMLCanvasElement) {}

  paint(scene: Scene): void {
    const ratio = window.devicePixelRatio || 1
    const [width, height] = [Math.round(scene.width * ratio), Math.round(scene.height * ratio)]
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width
      this.canvas.height = height
    }
    const context = this.canvas.getContext('2d')
    if (context === null) return
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, scene.width, scene.height)
    context.imageSmoothingEnabled = true
    const table = greyTable(scene.contrast)
    for (let rank = scene.first; rank <= scene.last; rank++) this.paintTile(context, scene, table, rank)
    paintOutline(context, scene)
  }

  private paintTile(context: CanvasRenderingContext2D, scene: Scene, table: Uint8ClampedArray, rank: number) {
    const edge = scene.grid.cell - GAP
    const corner = cornerOf(scene.grid, rank)
    const [x, y] = [corner.x, corner.y - scene.top]
    const item = scene.itemAt(rank)
    const tile = item && scene.tileOf(item)
    if (tile === null) {
      context.fillStyle = '#23282e'
      context.fillRect(x, y, edge, edge)
    } else context.drawImage(this.pictureOf(tile, table), 0, 0, tile.edge, tile.edge, x, y, edge, edge)
    if (item !== null) paintMarks(context, scene, item, x, y, edge)
    if (scene.cursor === rank) {
      context.setLineDash([5, 3])
      strokeBox(context, '#ffffff', 2, x - 1, y - 1, edge + 2)
      context.setLineDash([])
    }
  }

  private pictureOf(tile: Tile, table: Uint8ClampedArray): HTMLCanvasElement {
    const { edge, greys } = tile
    const context = this.scratch.getContext('2d')
    if (this.pixels === null || this.pixels.width !== edge) {
      this.scratch.width = this.scratch.height = edge
      this.pixels = new ImageData(new Uint8ClampedArray(4 * edge * edge).fill(255), edge, edge)
    }
    const { data } = this.pixels
    for (let at = 0; at < greys.length; at++) {
      data[4 * at] = data[4 * at + 1] = data[4 * at + 2] = table[greys[at]!]!
    }
    context?.putImageData(this.pixels, 0, 0)
    return this.scratch
  }
}

/** Label: a filled sign, left; prediction: an outlined one, right; of the evaluation sample: a ring, below. */
function paintMarks(
  context: CanvasRenderingContext2D,
  scene: Scene,
  item: GalleryItem,
  x: number,
  y: number,
  edge: number,
): void {
  const size = Math.max(12, Math.min(18, edge / 4.5))
  const label = item.label && scene.markOf(item.label)
  const said = item.prediction && scene.markOf(item.prediction)
  if (label) paintSign(context, label, x + 2, y + 2, size, true)
  if (said) paintSign(context, said, x + edge - size - 2, y + 2, size, false)
  if (item.in_evaluation_sample) {
    context.beginPath()
    context.arc(x + 2 + size / 2, y + edge - 2 - size / 2, size / 2 - 1, 0, 2 * Math.PI)
    context.fillStyle = 'rgb(0 0 0 / 65%)'
    context.fill()
    context.strokeStyle = '#ffffff'
    context.lineWidth = 1
    context.stroke()
    writeIn(context, 'E', '#ffffff', x + 2, y + edge - 2 - size, size)
  }
  if (scene.isSelected(item)) {
    strokeBox(context, '#0b3040', 5, x + 1, y + 1, edge - 2)
    strokeBox(context, '#7fd4f2', 3, x + 1, y + 1, edge - 2)
    context.fillStyle = '#7fd4f2'
    context.fillRect(x + edge - size - 2, y + edge - size - 2, size, size)
    writeIn(context, '✓', '#06222d', x + edge - size - 2, y + edge - size - 2, size)
  }
}

function paintSign(
  context: CanvasRenderingContext2D,
  { sign, colour }: Mark,
  x: number,
  y: number,
  size: number,
  filled: boolean,
): void {
  context.fillStyle = filled ? colour : 'rgb(0 0 0 / 65%)'
  context.fillRect(x, y, size, size)
  strokeBox(context, filled ? 'rgb(0 0 0 / 65%)' : colour, filled ? 1 : 2, x, y, size)
  writeIn(context, sign, filled ? inkOn(colour) : '#ffffff', x, y, size)
}

/** Black or white, whichever is read more easily on a colour. */
export function inkOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? '#000000' : '#ffffff'
}

function writeIn(
  context: CanvasRenderingContext2D,
  text: string,
  colour: string,
  x: number,
  y: number,
  size: number,
): void {
  context.fillStyle = colour
  context.font = `600 ${Math.round(size * 0.74)}px system-ui, sans-serif`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillText(text, x + size / 2, y + size / 2 + 0.5)
}

function strokeBox(
  context: CanvasRenderingContext2D,
  colour: string,
  width: number,
  x: number,
  y: number,
  edge: number,
): void {
  context.strokeStyle = colour
  context.lineWidth = width
  context.strokeRect(x, y, edge, edge)
}

function paintOutline(context: CanvasRenderingContext2D, { outline, top }: Scene): void {
  if (outline.length < 2) return
  context.beginPath()
  outline.forEach(({ x, y }, index) =>
    index === 0 ? context.moveTo(x, y - top) : context.lineTo(x, y - top),
  )
  context.closePath()
  context.fillStyle = 'rgb(127 212 242 / 18%)'
  context.fill()
  context.strokeStyle = '#7fd4f2'
  context.lineWidth = 1.5
  context.stroke()
}
