/** The fallback for browsers without WebGL 2: the same slices on a 2D canvas, and a projection in place of the 3D view. */
import { PANE_AXES, pixelsPerVoxel, voxelToScreen, type Rect } from './geometry'
import type { Scene } from './scene'
import { projectionPicture, slicePicture, type Picture } from './slicePixels'
import { SLICE_PANES, type Pane, type SlicePane, type ViewState, type Voxel } from './viewState'
import type { DisplayVolume } from './volume'

const BACKGROUND = '#0d0f12'

export class CanvasScene implements Scene {
  readonly has3d = false
  readonly canvas: HTMLCanvasElement
  private readonly context: CanvasRenderingContext2D | null
  private readonly tile: HTMLCanvasElement
  private rects: Partial<Record<Pane, Rect>> = {}
  private slices: DisplayVolume | null = null
  private density: DisplayVolume | null = null

  constructor(parent: HTMLElement) {
    this.canvas = document.createElement('canvas')
    this.canvas.style.display = 'block'
    this.tile = document.createElement('canvas')
    parent.append(this.canvas)
    this.context = this.canvas.getContext('2d')
  }

  setLayout(width: number, height: number, panes: Partial<Record<Pane, Rect>>): void {
    this.canvas.width = width
    this.canvas.height = height
    this.rects = panes
  }

  setSlices(display: DisplayVolume | null): void {
    this.slices = display
  }

  setDensity(display: DisplayVolume | null): void {
    this.density = display
  }

  setSurface(): void {
    // There is no surface without WebGL; the projection stands in for every 3D mode.
  }

  draw(state: ViewState, panes: ReadonlySet<Pane>): void {
    for (const pane of panes) {
      const rect = this.rects[pane]
      if (rect === undefined || this.context === null) continue
      this.context.fillStyle = BACKGROUND
      this.context.fillRect(rect.x, rect.y, rect.width, rect.height)
      const slice = SLICE_PANES.find((name) => name === pane)
      if (slice !== undefined && this.slices !== null) {
        this.place(
          slicePicture(this.slices, slice, state),
          slice,
          rect,
          this.slices,
          state.zoom,
          state.centre,
          state.smoothPixels,
        )
      } else if (pane === 'volume' && this.density !== null) {
        const [nz, ny, nx] = this.density.shape
        const centre: Voxel = [(nz - 1) / 2, (ny - 1) / 2, (nx - 1) / 2]
        this.place(projectionPicture(this.density), 'axial', rect, this.density, 1, centre, true)
      }
    }
  }

  dispose(): void {
    this.canvas.remove()
  }

  private place(
    picture: Picture,
    pane: SlicePane,
    rect: Rect,
    display: DisplayVolume,
    zoom: number,
    centre: Voxel,
    smooth: boolean,
  ): void {
    const context = this.context
    const tileContext = this.tile.getContext('2d')
    if (context === null || tileContext === null) return
    this.tile.width = picture.width
    this.tile.height = picture.height
    tileContext.putImageData(new ImageData(picture.pixels, picture.width, picture.height), 0, 0)
    const scale = pixelsPerVoxel(display.shape, pane, rect, zoom)
    const topLeft: [number, number, number] = [0, 0, 0]
    const { right, up } = PANE_AXES[pane]
    topLeft[right] = -0.5
    topLeft[up] = display.shape[up] - 0.5
    const { x, y } = voxelToScreen(topLeft, pane, rect, display.shape, zoom, centre)
    context.save()
    context.beginPath()
    context.rect(rect.x, rect.y, rect.width, rect.height)
    context.clip()
    context.imageSmoothingEnabled = smooth
    context.imageSmoothingQuality = 'high'
    context.drawImage(this.tile, x, y, picture.width * scale, picture.height * scale)
    context.restore()
  }
}
