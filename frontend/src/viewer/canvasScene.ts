/** The fallback for browsers without WebGL 2: the same slices on a 2D canvas, and a projection in place of the 3D view. */
import type { Rect } from './geometry'
import type { Scene } from './scene'
import { projectionPicture, slicePicture } from './slicePixels'
import { placePicture } from './slicePlacement'
import { SLICE_PANES, type Pane, type ViewState } from './viewState'
import type { DisplayVolume } from './volume'

const BACKGROUND = '#0d0f12'

export class CanvasScene implements Scene {
  readonly has3d = false
  readonly resolution = 1
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
        const { zoom, centre, smoothPixels: smooth } = state
        const { shape } = this.slices
        const picture = slicePicture(this.slices, slice, state)
        placePicture(this.context, this.tile, picture, { pane: slice, rect, shape, zoom, centre, smooth })
      } else if (pane === 'volume' && this.density !== null) {
        const { shape } = this.density
        const [nz, ny, nx] = shape
        placePicture(this.context, this.tile, projectionPicture(this.density), {
          pane: 'axial',
          rect,
          shape,
          zoom: 1,
          centre: [(nz - 1) / 2, (ny - 1) / 2, (nx - 1) / 2],
          smooth: true,
        })
      }
    }
  }

  dispose(): void {
    this.canvas.remove()
  }
}
