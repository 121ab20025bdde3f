/** Turns mouse, pen and wheel into changes of the view; knows nothing of drawing. */
import { paneAt, screenToVoxel, pixelsPerVoxel, PANE_AXES, zoomAt, type Rect } from './geometry'
import {
  clampVoxel,
  SLICE_PANES,
  stepSlice,
  type Pane,
  type SlicePane,
  type ViewState,
  type Voxel,
} from './viewState'
import type { Shape } from './volume'

export interface PointerHost {
  readonly state: () => ViewState
  /** Null while there is nothing to point at. */
  readonly shape: () => Shape | null
  readonly rects: () => Partial<Record<Pane, Rect>>
  readonly change: (patch: Partial<ViewState>) => void
}

interface Drag {
  readonly pane: Pane
  readonly pan: boolean
  x: number
  y: number
}

/** Wheels report pixels, lines or pages; this many pixels are one slice. */
const PIXELS_PER_SLICE = 40
const DEGREES_PER_PIXEL = 0.45

const asSlice = (pane: Pane): SlicePane | null => SLICE_PANES.find((name) => name === pane) ?? null

export class PointerControl {
  private drag: Drag | null = null
  private spaceHeld = false
  private wheelRest = 0
  private readonly abort = new AbortController()

  constructor(
    private readonly element: HTMLElement,
    private readonly host: PointerHost,
  ) {
    const { signal } = this.abort
    element.addEventListener('pointerdown', (event) => this.onDown(event), { signal })
    element.addEventListener('pointermove', (event) => this.onMove(event), { signal })
    element.addEventListener('pointerup', () => this.endDrag(), { signal })
    element.addEventListener('pointercancel', () => this.endDrag(), { signal })
    element.addEventListener('dblclick', (event) => this.onDoubleClick(event), { signal })
    element.addEventListener('wheel', (event) => this.onWheel(event), { signal, passive: false })
    element.addEventListener('auxclick', (event) => event.preventDefault(), { signal })
    window.addEventListener('keydown', (event) => this.onSpace(event, true), { signal })
    window.addEventListener('keyup', (event) => this.onSpace(event, false), { signal })
    window.addEventListener('blur', () => (this.spaceHeld = false), { signal })
  }

  dispose(): void {
    this.abort.abort()
  }

  private position(event: MouseEvent): { x: number; y: number } {
    const box = this.element.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  private onSpace(event: KeyboardEvent, held: boolean): void {
    if (event.code !== 'Space') return
    this.spaceHeld = held
    // Space scrolls the page otherwise; in a control it keeps its meaning.
    const { target } = event
    if (held && target instanceof Node && (target === document.body || this.element.contains(target))) {
      event.preventDefault()
    }
  }

  private onDown(event: PointerEvent): void {
    const { x, y } = this.position(event)
    const pane = paneAt(this.host.rects(), x, y)
    if (pane === null || this.host.shape() === null || event.button > 1) return
    event.preventDefault() // No text selection, no middle-button scrolling; focus is set by hand below.
    this.element.focus({ preventScroll: true })
    this.element.setPointerCapture(event.pointerId)
    this.drag = { pane, pan: event.button === 1 || event.shiftKey || this.spaceHeld, x, y }
    if (!this.drag.pan) this.moveCrosshair(pane, x, y)
  }

  private onMove(event: PointerEvent): void {
    const { x, y } = this.position(event)
    const { drag } = this
    if (drag === null) {
      const pane = paneAt(this.host.rects(), x, y)
      if (pane !== null && pane !== this.host.state().activePane) this.host.change({ activePane: pane })
      return
    }
    const [dx, dy] = [x - drag.x, y - drag.y]
    drag.x = x
    drag.y = y
    const slice = asSlice(drag.pane)
    if (slice === null) this.rotate(dx, dy)
    else if (drag.pan) this.pan(slice, dx, dy)
    else this.moveCrosshair(drag.pane, x, y)
  }

  private endDrag(): void {
    this.drag = null
  }

  private onDoubleClick(event: MouseEvent): void {
    const { x, y } = this.position(event)
    const pane = paneAt(this.host.rects(), x, y)
    if (pane !== null) this.host.change({ maximised: this.host.state().maximised === null ? pane : null })
  }

  private moveCrosshair(pane: Pane, x: number, y: number): void {
    const [state, shape, rects] = [this.host.state(), this.host.shape(), this.host.rects()]
    const [slice, rect] = [asSlice(pane), rects[pane]]
    if (slice === null || rect === undefined || shape === null) return
    const voxel = clampVoxel(
      screenToVoxel(x, y, slice, rect, shape, state.zoom, state.centre, state.crosshair),
      shape,
    )
    if (voxel.some((value, axis) => value !== state.crosshair[axis])) this.host.change({ crosshair: voxel })
  }

  private pan(pane: SlicePane, dx: number, dy: number): void {
    const [state, shape, rects] = [this.host.state(), this.host.shape(), this.host.rects()]
    const rect = rects[pane]
    if (shape === null || rect === undefined) return
    const scale = pixelsPerVoxel(shape, pane, rect, state.zoom)
    const centre: [number, number, number] = [...state.centre]
    const { right, up } = PANE_AXES[pane]
    centre[right] -= dx / scale
    centre[up] += dy / scale
    const kept = centre.map((value, axis) => Math.min(Math.max(value, 0), (shape[axis] ?? 1) - 1))
    this.host.change({ centre: kept as unknown as Voxel })
  }

  private rotate(dx: number, dy: number): void {
    const { camera } = this.host.state()
    const azimuth = (camera.azimuth - dx * DEGREES_PER_PIXEL) % 360
    const elevation = Math.min(Math.max(camera.elevation + dy * DEGREES_PER_PIXEL, -90), 90)
    this.host.change({ camera: { ...camera, azimuth, elevation } })
  }

  private onWheel(event: WheelEvent): void {
    const { x, y } = this.position(event)
    const [state, shape, rects] = [this.host.state(), this.host.shape(), this.host.rects()]
    const pane = paneAt(rects, x, y)
    if (pane === null || shape === null) return
    event.preventDefault()
    const pixels = event.deltaMode === 0 ? event.deltaY : event.deltaY * PIXELS_PER_SLICE
    const [slice, rect] = [asSlice(pane), rects[pane]]
    if (slice === null) {
      const zoom = Math.min(Math.max(state.camera.zoom * Math.exp(-pixels / 600), 0.5), 8)
      this.host.change({ camera: { ...state.camera, zoom } })
    } else if (event.ctrlKey || event.metaKey) {
      if (rect !== undefined)
        this.host.change(zoomAt(x, y, Math.exp(-pixels / 400), slice, rect, shape, state))
    } else {
      this.scrollSlices(slice, pixels, state, shape)
    }
  }

  private scrollSlices(pane: SlicePane, pixels: number, state: ViewState, shape: Shape): void {
    if (Math.sign(pixels) !== Math.sign(this.wheelRest)) this.wheelRest = 0
    // A notch of a wheel is 100 or 120 pixels: one slice; a touchpad's small steps add up.
    this.wheelRest += Math.abs(pixels) >= 80 ? Math.sign(pixels) * PIXELS_PER_SLICE : pixels
    const steps = Math.trunc(this.wheelRest / PIXELS_PER_SLICE)
    if (steps === 0) return
    this.wheelRest -= steps * PIXELS_PER_SLICE
    this.host.change(stepSlice(state, pane, -steps, shape))
  }
}
