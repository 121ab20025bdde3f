/** The vtk.js pipeline: one WebGL 2 context, four renderers; volumes are swapped in place. */
import '@kitware/vtk.js/Rendering/OpenGL/Actor'
import '@kitware/vtk.js/Rendering/OpenGL/Camera'
import '@kitware/vtk.js/Rendering/OpenGL/ImageResliceMapper'
import '@kitware/vtk.js/Rendering/OpenGL/ImageSlice'
import '@kitware/vtk.js/Rendering/OpenGL/PolyDataMapper'
import '@kitware/vtk.js/Rendering/OpenGL/Renderer'
import '@kitware/vtk.js/Rendering/OpenGL/Volume'
import '@kitware/vtk.js/Rendering/OpenGL/VolumeMapper'
import vtkOpenGLRenderWindow from '@kitware/vtk.js/Rendering/OpenGL/RenderWindow'
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer'
import vtkRenderWindow from '@kitware/vtk.js/Rendering/Core/RenderWindow'
import vtkRenderWindowInteractor from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor'
import { DensityProp } from './webglDensity'
import { SliceProp } from './webglSlice'
import { SharedImage } from './webglImage'
import type { Rect } from './geometry'
import { NoWebGlError, type Scene } from './scene'
import type { SurfaceMesh } from './surfaceNets'
import { PANES, SLICE_PANES, type Pane, type SlicePane, type ViewState } from './viewState'
import type { DisplayVolume } from './volume'
import { isDrawnBySoftware, openWebGl } from './webglContext'

/** The same near-black as --viewer-bg; WebGL cannot read CSS. */
const BACKGROUND = [0.051, 0.059, 0.071] as const
/** Between the panes; the same as --viewer-line. */
const GAP_COLOUR = [0.149, 0.169, 0.192] as const
/** A quarter of the pixels: each costs the processor some 60 ns in a slice, several times that in the 3D view. */
const SOFTWARE_RESOLUTION = 0.5

export class WebGlScene implements Scene {
  readonly has3d = true
  readonly resolution = isDrawnBySoftware() ? SOFTWARE_RESOLUTION : 1
  readonly canvas: HTMLCanvasElement
  private readonly glWindow = vtkOpenGLRenderWindow.newInstance()
  private readonly window = vtkRenderWindow.newInstance()
  private readonly interactor = vtkRenderWindowInteractor.newInstance()
  private readonly renderers = new Map<Pane, ReturnType<typeof vtkRenderer.newInstance>>()
  private readonly slicesImage = new SharedImage()
  private readonly densityImage = new SharedImage()
  private readonly slices = new Map<SlicePane, SliceProp>()
  private readonly density: DensityProp
  private readonly gl: WebGL2RenderingContext
  private rects: Partial<Record<Pane, Rect>> = {}

  /** @throws NoWebGlError where the browser gives no WebGL 2 context. */
  constructor(parent: HTMLElement) {
    const canvas = this.glWindow.getCanvas()
    if (canvas === null) throw new NoWebGlError('vtk.js made no canvas.')
    this.canvas = canvas
    // Before vtk.js asks for it: the first call decides the attributes.
    const gl = openWebGl(canvas)
    if (gl === null) throw new NoWebGlError('This browser gives no WebGL 2 context.')
    this.gl = gl
    this.window.addView(this.glWindow)
    this.glWindow.setContainer(parent)
    // The volume mapper asks the interactor about animations; it is never bound to events.
    this.interactor.setView(this.glWindow)
    for (const pane of PANES) {
      const renderer = vtkRenderer.newInstance({ background: [...BACKGROUND] })
      renderer.getActiveCamera().setParallelProjection(true)
      this.renderers.set(pane, renderer)
      this.window.addRenderer(renderer)
    }
    for (const pane of SLICE_PANES)
      this.slices.set(pane, new SliceProp(pane, this.slicesImage, this.renderer(pane)))
    this.density = new DensityProp(this.densityImage, this.renderer('volume'))
  }

  setLayout(width: number, height: number, panes: Partial<Record<Pane, Rect>>): void {
    this.rects = panes
    this.glWindow.setSize(width, height)
    for (const [pane, rect] of Object.entries(panes) as [Pane, Rect][]) {
      this.renderer(pane).setViewport(
        rect.x / width,
        1 - (rect.y + rect.height) / height,
        (rect.x + rect.width) / width,
        1 - rect.y / height,
      )
    }
    const { gl } = this
    gl.disable(gl.SCISSOR_TEST)
    gl.clearColor(...GAP_COLOUR, 1)
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT)
  }

  setSlices(display: DisplayVolume | null): void {
    this.slicesImage.set(display)
    for (const slice of this.slices.values()) slice.setVisible(display !== null)
  }

  setDensity(display: DisplayVolume | null): void {
    this.densityImage.set(display)
    this.density.densityChanged()
  }

  setSurface(mesh: SurfaceMesh | null): void {
    this.density.setSurface(mesh)
  }

  draw(state: ViewState, panes: ReadonlySet<Pane>): void {
    for (const pane of PANES) {
      const rect = this.rects[pane]
      const draws = rect !== undefined && panes.has(pane)
      this.renderer(pane).setDraw(draws)
      if (!draws) continue
      if (pane === 'volume') this.density.update(state, rect)
      else this.slices.get(pane)?.update(state, rect)
    }
    // Not `window.render()`: that asks the interactor, which draws only when it is bound to events.
    this.glWindow.traverseAllPasses()
    this.gl.flush() // Else the browser hands the commands on with its next frame only.
  }

  dispose(): void {
    this.interactor.delete()
    for (const renderer of this.renderers.values()) this.window.removeRenderer(renderer)
    this.window.removeView(this.glWindow)
    for (const slice of this.slices.values()) slice.dispose()
    this.density.dispose()
    this.slicesImage.dispose()
    this.densityImage.dispose()
    for (const renderer of this.renderers.values()) renderer.delete()
    this.glWindow.setContainer(null)
    this.canvas.remove()
    this.glWindow.delete()
    this.window.delete()
    // Browsers allow few contexts at once and free them late: give this one back now.
    this.gl.getExtension('WEBGL_lose_context')?.loseContext()
  }

  private renderer(pane: Pane): ReturnType<typeof vtkRenderer.newInstance> {
    const renderer = this.renderers.get(pane)
    if (renderer === undefined) throw new Error(`No renderer for the ${pane} pane.`)
    return renderer
  }
}
