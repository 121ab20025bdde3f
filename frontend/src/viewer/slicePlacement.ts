/** Puts the picture of a slice into a pane of a 2D canvas, at the place and size WebGL would give it. */
import { PANE_AXES, pixelsPerVoxel, voxelToScreen, type Rect } from './geometry'
import type { Picture } from './slicePixels'
import type { SlicePane, Voxel } from './viewState'
import type { Shape } from './volume'

export interface Placement {
  readonly pane: SlicePane
  readonly rect: Rect
  readonly shape: Shape
  readonly zoom: number
  readonly centre: Voxel
  readonly smooth: boolean
}

/** `tile` is a canvas of one's own that the picture passes through. */
export function placePicture(
  context: CanvasRenderingContext2D,
  tile: HTMLCanvasElement,
  picture: Picture,
  { pane, rect, shape, zoom, centre, smooth }: Placement,
): void {
  const tileContext = tile.getContext('2d')
  if (tileContext === null) return
  tile.width = picture.width
  tile.height = picture.height
  tileContext.putImageData(new ImageData(picture.pixels, picture.width, picture.height), 0, 0)
  const scale = pixelsPerVoxel(shape, pane, rect, zoom)
  const topLeft: [number, number, number] = [0, 0, 0]
  const { right, up } = PANE_AXES[pane]
  topLeft[right] = -0.5
  topLeft[up] = shape[up] - 0.5
  const { x, y } = voxelToScreen(topLeft, pane, rect, shape, zoom, centre)
  context.save()
  context.beginPath()
  context.rect(rect.x, rect.y, rect.width, rect.height)
  context.clip()
  context.imageSmoothingEnabled = smooth
  context.imageSmoothingQuality = 'high'
  context.drawImage(tile, x, y, picture.width * scale, picture.height * scale)
  context.restore()
}
