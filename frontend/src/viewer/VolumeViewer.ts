/**
 * The viewer of one subtomogram: three linked slices and a low-passed 3D view in one WebGL 2 context.
 *
 * Plain TypeScript without React. A `ViewState` says what is shown; gestures are reported as changes of that state
 * and come back through `apply`. The picture can be rebuilt from state and volume at any time, which is what happens
 * when the browser takes the graphics context away.
 */
import { CanvasScene } from './canvasScene'
import { DisplayPreparer, type DisplaySettings } from './displayPreparer'
import type { DisplayCopies } from './displayCopies'
import type { ContrastWindow } from './contrast'
import { paneRects, type Rect } from './geometry'
import { OverlayCanvas } from './overlayCanvas'
import { PointerControl } from './pointerControl'
import type { Scene } from './scene'
import { displaySettings, layerWords, shownSource } from './shownLayer'
import {
  centred,
  clampVoxel,
  isCentred,
  effectiveLowPass,
  PANES,
  SLICE_PANES,
  STACK_AXIS,
  type Mode3d,
  type Pane,
  type SlicePane,
  type ViewState,
} from './viewState'
import { rawDisplay, sigmaToByte, workingVoxelSize, type DisplayVolume, type Volume } from './volume'
import { WebGlScene } from './webglScene'

/** `rebuilding`: the browser took the graphics away; `canvas`: no WebGL 2 here, slices only. */
export type ViewerStatus = 'webgl' | 'rebuilding' | 'canvas'

export interface ViewerOptions {
  readonly state: ViewState
  /** True where protein is dark in the files: the 3D view shows the negative. */
  readonly proteinIsDark: boolean
  /** A gesture wants to change the state; the owner answers with `apply`. */
  readonly onChange: (patch: Partial<ViewState>) => void
  /** The slices now show this copy (for the histogram), or nothing. */
  readonly onDisplay?: (display: DisplayVolume | null) => void
  readonly onStatus?: (status: ViewerStatus) => void
  /** A volume has been drawn for the first time. */
  readonly onPainted?: (volumeId: string) => void
}

/** What every slice pane shows alike. */
const ALL_SLICES_CHANGE = [
  'window',
  'invert',
  'gamma',
  'colourMap',
  'slab',
  'slabMode',
  'smoothPixels',
  'zoom',
  'centre',
] as const
/** What makes the slices show another copy. */
const LAYER_CHANGE = ['lowPassOn', 'lowPassAngstrom', 'denoised'] as const
const GAP = 2
const MAX_PIXEL_RATIO = 2
const REBUILD_DELAYS_MS = [50, 400, 1500, 4000]

export class VolumeViewer {
  private state: ViewState
  private scene: Scene
  private readonly overlay = new OverlayCanvas()
  private readonly preparer = new DisplayPreparer()
  private readonly pointer: PointerControl
  private readonly resizeObserver: ResizeObserver
  private volume: Volume | null = null
  private denoised: Volume | null = null
  private copies: DisplayCopies | null = null
  private volumeNote: string | null = null
  private rects: Partial<Record<Pane, Rect>> = {}
  private dirty = new Set<Pane>(PANES)
  private frame = 0
  private densityFrame = 0
  private layoutStale = true
  private unpainted: string | null = null
  /** Drawn after the slices are on the screen. */
  private laterDensity: DisplayVolume | null = null
  private surfaceRequest = 0
  private rebuildTimer: ReturnType<typeof setTimeout> | undefined
  private disposed = false

  constructor(
    private readonly container: HTMLElement,
    private readonly options: ViewerOptions,
  ) {
    this.state = options.state
    this.scene = this.buildScene()
    this.pointer = new PointerControl(container, {
      state: () => this.state,
      shape: () => this.volume?.shape ?? null,
      rects: () => this.rects,
      change: (patch) => options.onChange(patch),
    })
    this.resizeObserver = new ResizeObserver(() => {
      this.layoutStale = true
      this.requestRender()
    })
    this.resizeObserver.observe(container)
    this.requestRender()
  }

  /**
   * Show another volume in place of the last one, in the middle slices; null shows empty panes. `denoised` is the same
   * particle as the denoised layer shows it, as soon as that is there.
   */
  setVolume(volume: Volume | null, denoised: Volume | null = null): void {
    if (volume?.id === this.volume?.id) {
      if (denoised === this.denoised) return
      this.denoised = denoised
      if (this.state.denoised) this.refreshCopies()
      return
    }
    this.volume = volume
    this.denoised = denoised
    this.unpainted = volume?.id ?? null
    this.copies = null
    if (volume !== null && !isCentred(this.state, volume.shape)) {
      this.state = { ...this.state, ...centred(volume.shape) }
      this.options.onChange(centred(volume.shape))
    }
    // Nothing of the previous particle stays in sight: first the raw slices and an empty 3D pane.
    const source = shownSource(this.state, volume, denoised)
    if (source === null) this.showCopies(null)
    else if (this.preparer.peek(source, this.settings(source)) === null)
      this.showCopies({ slices: rawDisplay(source), density: null })
    this.refreshCopies()
    // Already now, not with the animation frame: the graphics then work while the browser waits for its next frame.
    this.drawScene()
  }

  /** Filter a volume ahead of its turn, so that `setVolume` finds it ready. */
  prepare(volume: Volume, denoised: Volume | null = null): void {
    const source = shownSource(this.state, volume, denoised) ?? volume
    const settings = displaySettings(this.state, source, source !== volume, this.options.proteinIsDark)
    this.preparer.prepare(source, settings).catch(() => undefined) // Shown in its turn.
  }

  /** The low-passed slices of a volume at the chosen cut-off, whichever layer the panes show. */
  async lowPassed(volume: Volume): Promise<DisplayVolume> {
    const lowPassAngstrom = effectiveLowPass(
      { ...this.state, lowPassOn: true },
      workingVoxelSize(volume.voxelSizeAngstrom),
    )
    const { proteinIsDark } = this.options
    return (await this.preparer.prepare(volume, { lowPassAngstrom, proteinIsDark })).slices
  }

  /** Show this state. Only the panes it changes are drawn. */
  apply(next: ViewState): void {
    const before = this.state
    if (next === before) return
    this.state =
      this.volume === null ? next : { ...next, crosshair: clampVoxel(next.crosshair, this.volume.shape) }
    this.markChanges(before, this.state)
    if (LAYER_CHANGE.some((key) => before[key] !== next[key])) this.refreshCopies()
    if (before.mode3d !== next.mode3d || before.surfaceLevel !== next.surfaceLevel) this.refreshSurface()
    this.requestRender()
  }

  setContrast(window: ContrastWindow, invert: boolean): void {
    this.apply({ ...this.state, window, invert })
  }

  setSlice(pane: SlicePane, index: number): void {
    const crosshair: [number, number, number] = [...this.state.crosshair]
    crosshair[STACK_AXIS[pane]] = index
    this.apply({ ...this.state, crosshair })
  }

  setMode(mode3d: Mode3d): void {
    this.apply({ ...this.state, mode3d })
  }

  /** Draw what has changed now, rather than with the next animation frame. */
  render(): void {
    cancelAnimationFrame(this.frame)
    this.frame = 0
    if (this.disposed) return
    cancelAnimationFrame(this.densityFrame)
    this.drawScene()
    this.drawOverlay()
    if (this.unpainted !== null) {
      const painted = this.unpainted
      this.unpainted = null
      this.options.onPainted?.(painted)
    }
    // Not with the very next frame: its drawing would get in before the browser has put this one on the screen.
    if (this.laterDensity !== null) this.densityFrame = requestAnimationFrame(() => this.showLaterDensity())
  }

  dispose(): void {
    this.disposed = true
    cancelAnimationFrame(this.frame)
    cancelAnimationFrame(this.densityFrame)
    clearTimeout(this.rebuildTimer)
    this.resizeObserver.disconnect()
    this.pointer.dispose()
    this.preparer.dispose()
    this.dropScene()
    this.overlay.element.remove()
  }

  private buildScene(): Scene {
    let scene: Scene
    try {
      scene = new WebGlScene(this.container)
      scene.canvas.addEventListener('webglcontextlost', this.onContextLost)
    } catch {
      scene = new CanvasScene(this.container)
    }
    scene.canvas.style.cssText += ';position:absolute;inset:0;width:100%;height:100%'
    this.container.append(this.overlay.element) // The overlay stays on top.
    this.options.onStatus?.(scene.has3d ? 'webgl' : 'canvas')
    return scene
  }

  private dropScene(): void {
    this.scene.canvas.removeEventListener('webglcontextlost', this.onContextLost)
    this.scene.dispose()
  }

  private readonly onContextLost = (event: Event): void => {
    event.preventDefault()
    this.options.onStatus?.('rebuilding')
    this.rebuild(0)
  }

  /** Build everything anew on a fresh canvas; after some tries settle for the 2D fallback. */
  private rebuild(attempt: number): void {
    clearTimeout(this.rebuildTimer)
    this.rebuildTimer = setTimeout(() => {
      if (this.disposed) return
      this.dropScene()
      this.scene = this.buildScene()
      this.layoutStale = true
      this.scene.setSlices(this.copies?.slices ?? (this.volume === null ? null : rawDisplay(this.volume)))
      this.scene.setDensity(this.copies?.density ?? null)
      this.refreshSurface()
      this.requestRender()
      if (!this.scene.has3d && attempt + 1 < REBUILD_DELAYS_MS.length) this.rebuild(attempt + 1)
    }, REBUILD_DELAYS_MS[attempt])
  }

  /** How the copies of a source of the present volume are made. */
  private settings(source: Volume): DisplaySettings {
    return displaySettings(this.state, source, source !== this.volume, this.options.proteinIsDark)
  }

  /** Show the filtered copies of the present volume: at once where they are ready, else when they are. */
  private refreshCopies(): void {
    const source = shownSource(this.state, this.volume, this.denoised)
    if (source === null) return
    const settings = this.settings(source)
    const ready = this.preparer.peek(source, settings)
    if (ready !== null) {
      this.showCopies(ready)
      return
    }
    const isCurrent = (): boolean =>
      !this.disposed &&
      shownSource(this.state, this.volume, this.denoised) === source &&
      this.settings(source).lowPassAngstrom === settings.lowPassAngstrom
    this.preparer.prepare(source, settings).then(
      (copies) => {
        if (isCurrent()) this.showCopies(copies)
      },
      (error: unknown) => {
        if (!isCurrent()) return
        this.volumeNote = `The low-pass filter failed: ${error instanceof Error ? error.message : String(error)}`
        this.requestRender()
      },
    )
  }

  private showCopies(copies: { slices: DisplayVolume; density: DisplayVolume | null } | null): void {
    this.copies =
      copies === null || copies.density === null ? null : { slices: copies.slices, density: copies.density }
    this.scene.setSlices(copies?.slices ?? null)
    // A volume's first frame has the slices alone: the 3D view takes twice as long to draw as all three together.
    const density = copies?.density ?? null
    this.laterDensity = this.unpainted === null ? null : density
    this.scene.setDensity(this.unpainted === null ? density : null)
    this.scene.setSurface(null)
    this.volumeNote = null
    this.dirty = new Set(PANES)
    this.options.onDisplay?.(copies?.slices ?? null)
    this.refreshSurface()
    this.requestRender()
  }

  private showLaterDensity(): void {
    // The slices of yet another volume go first.
    if (this.laterDensity === null || this.unpainted !== null) return
    this.scene.setDensity(this.laterDensity)
    this.laterDensity = null
    this.dirty.add('volume')
    this.requestRender()
  }

  private refreshSurface(): void {
    const { copies } = this
    const request = ++this.surfaceRequest
    if (this.state.mode3d !== 'surface') {
      this.volumeNote = null
      return
    }
    if (copies === null || !this.scene.has3d) return
    const level = sigmaToByte(copies.density, this.state.surfaceLevel)
    void this.preparer.surface(copies, level).then((mesh) => {
      if (this.disposed || request !== this.surfaceRequest) return
      this.scene.setSurface(mesh)
      if (mesh === null) this.volumeNote = 'Too noisy at this level: raise the surface level'
      else
        this.volumeNote =
          mesh.triangles.length === 0 ? 'Nothing is this dense: lower the surface level' : null
      this.dirty.add('volume')
      this.requestRender()
    })
  }

  private markChanges(before: ViewState, after: ViewState): void {
    if (before.layout !== after.layout || before.maximised !== after.maximised) this.layoutStale = true
    const allSlices = ALL_SLICES_CHANGE.some((key) => before[key] !== after[key])
    for (const pane of SLICE_PANES) {
      const axis = STACK_AXIS[pane]
      if (allSlices || before.crosshair[axis] !== after.crosshair[axis]) this.dirty.add(pane)
    }
    if (before.camera !== after.camera || before.mode3d !== after.mode3d) this.dirty.add('volume')
  }

  private layOut(): void {
    this.layoutStale = false
    const { clientWidth: width, clientHeight: height } = this.container
    const ratio = Math.min(window.devicePixelRatio || 1, MAX_PIXEL_RATIO)
    const { layout, maximised } = this.state
    this.rects = paneRects(layout, maximised, width, height, GAP)
    const scale = ratio * this.scene.resolution
    const [across, down] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
    this.scene.setLayout(across, down, paneRects(layout, maximised, across, down, GAP * scale))
    this.overlay.setSize(width, height, ratio)
    this.dirty = new Set(PANES)
  }

  /** The panes that have changed. */
  private drawScene(): void {
    if (this.layoutStale) this.layOut()
    if (this.dirty.size > 0) this.scene.draw(this.state, this.dirty)
    this.dirty.clear()
  }

  private drawOverlay(): void {
    this.overlay.draw({
      state: this.state,
      rects: this.rects,
      volume: this.volume,
      volumeNote: this.volumeNote,
      has3d: this.scene.has3d,
      ...layerWords(this.state, this.volume, this.denoised, this.options.proteinIsDark),
    })
  }

  private requestRender(): void {
    if (this.frame !== 0 || this.disposed) return
    this.frame = requestAnimationFrame(() => {
      this.frame = 0
      this.render()
    })
  }
}
