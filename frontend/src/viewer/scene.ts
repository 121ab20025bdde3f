/** What `VolumeViewer` asks of a renderer: WebGL, or the canvas-2D fallback. */
import type { Rect } from './geometry'
import type { SurfaceMesh } from './surfaceNets'
import type { Pane, ViewState } from './viewState'
import type { DisplayVolume } from './volume'

export interface Scene {
  readonly canvas: HTMLCanvasElement
  /** False where there is no 3D view at all. */
  readonly has3d: boolean
  /** Pixels to draw for each device pixel along an edge; the browser scales the picture up. */
  readonly resolution: number
  /** Device pixels of the canvas and of each visible pane. */
  setLayout(width: number, height: number, panes: Partial<Record<Pane, Rect>>): void
  /** What the slices show; null shows empty panes. */
  setSlices(display: DisplayVolume | null): void
  /** What the 3D view shows; null shows an empty pane. */
  setDensity(display: DisplayVolume | null): void
  setSurface(mesh: SurfaceMesh | null): void
  /** Draw these panes anew, all others stay as they are. */
  draw(state: ViewState, panes: ReadonlySet<Pane>): void
  dispose(): void
}

/** This browser gives no WebGL 2 context. */
export class NoWebGlError extends Error {
  override readonly name = 'NoWebGlError'
}
