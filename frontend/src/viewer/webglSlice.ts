/** One orthogonal slice in vtk.js: a plane through the shared 3D texture, and the camera that looks at it. */
import vtkPlane from '@kitware/vtk.js/Common/DataModel/Plane'
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction'
import vtkImageResliceMapper from '@kitware/vtk.js/Rendering/Core/ImageResliceMapper'
import vtkImageSlice from '@kitware/vtk.js/Rendering/Core/ImageSlice'
import type vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer'
import { TONE_STEPS, toneTable, type Tone } from './colours'
import { PANE_AXES, pixelsPerVoxel, slabRange, sliceIndex, type Rect } from './geometry'
import { STACK_AXIS, type SlicePane, type ViewState } from './viewState'
import { sigmaToByte } from './volume'
import type { SharedImage } from './webglImage'
import { SlabImage } from './webglSlab'

const CAMERA_DISTANCE = 2000

/** Index of a (z, y, x) axis in vtk's (x, y, z) order. */
const worldAxis = (axis: 0 | 1 | 2): 0 | 1 | 2 => (2 - axis) as 0 | 1 | 2

function unit(axis: 0 | 1 | 2): [number, number, number] {
  const vector: [number, number, number] = [0, 0, 0]
  vector[worldAxis(axis)] = 1
  return vector
}

export class SliceProp {
  private readonly plane = vtkPlane.newInstance()
  private readonly mapper = vtkImageResliceMapper.newInstance()
  private readonly actor = vtkImageSlice.newInstance()
  private readonly colours = vtkColorTransferFunction.newInstance()
  private readonly slab: SlabImage
  /** What the colours were made of. */
  private tone: Tone | null = null
  private readonly up: [number, number, number]
  /** From the slice toward the viewer: right × up, so that nothing is mirrored. */
  private readonly toward: [number, number, number]

  constructor(
    private readonly pane: SlicePane,
    private readonly shared: SharedImage,
    private readonly renderer: vtkRenderer,
  ) {
    this.slab = new SlabImage(pane)
    const { right, up } = PANE_AXES[pane]
    const [r, u] = [unit(right), unit(up)]
    this.up = u
    this.toward = [r[1] * u[2] - r[2] * u[1], r[2] * u[0] - r[0] * u[2], r[0] * u[1] - r[1] * u[0]]
    this.plane.setNormal(unit(STACK_AXIS[pane]))
    this.mapper.setInputData(shared.image)
    this.mapper.setSlicePlane(this.plane)
    this.actor.setMapper(this.mapper)
    this.actor.getProperty().setRGBTransferFunction(0, this.colours)
    this.actor.getProperty().setUseLookupTableScalarRange(false)
    this.actor.setVisibility(false)
    renderer.addViewProp(this.actor)
  }

  setVisible(visible: boolean): void {
    this.actor.setVisibility(visible)
  }

  update(state: ViewState, rect: Rect): void {
    const { display } = this.shared
    if (display === null) return
    const [nz, ny, nx] = display.shape
    const axis = STACK_AXIS[this.pane]
    const size = [nz, ny, nx][axis] ?? 1
    const [first, last] = slabRange(sliceIndex(state.crosshair, this.pane), state.slab, size)
    const origin: [number, number, number] = [0, 0, 0]
    if (first === last) {
      origin[worldAxis(axis)] = first
      this.mapper.setInputData(this.shared.image)
    } else {
      origin[worldAxis(axis)] = 0.5
      this.slab.set(display, [first, last], state.slabMode)
      this.mapper.setInputData(this.slab.image)
    }
    this.plane.setOrigin(origin)
    this.updateColours(state)
    this.updateCamera(state, rect)
  }

  private updateColours(state: ViewState): void {
    const { display } = this.shared
    if (display === null) return
    const property = this.actor.getProperty()
    const [low, high] = [sigmaToByte(display, state.window[0]), sigmaToByte(display, state.window[1])]
    property.setColorWindow(high - low)
    property.setColorLevel((high + low) / 2)
    if (state.smoothPixels) property.setInterpolationTypeToLinear()
    else property.setInterpolationTypeToNearest()
    const { invert, gamma, colourMap } = state
    const { tone } = this
    if (tone?.invert === invert && tone.gamma === gamma && tone.colourMap === colourMap) return
    this.tone = { invert, gamma, colourMap }
    this.colours.buildFunctionFromTable(0, 255, TONE_STEPS, Array.from(toneTable(this.tone)))
  }

  private updateCamera(state: ViewState, rect: Rect): void {
    const { display } = this.shared
    if (display === null) return
    const camera = this.renderer.getActiveCamera()
    const focal: [number, number, number] = [state.centre[2], state.centre[1], state.centre[0]]
    const [tx, ty, tz] = this.toward
    camera.setFocalPoint(...focal)
    camera.setPosition(
      focal[0] + tx * CAMERA_DISTANCE,
      focal[1] + ty * CAMERA_DISTANCE,
      focal[2] + tz * CAMERA_DISTANCE,
    )
    camera.setViewUp(...this.up)
    camera.setParallelScale(rect.height / 2 / pixelsPerVoxel(display.shape, this.pane, rect, state.zoom))
    camera.setClippingRange(1, 2 * CAMERA_DISTANCE)
  }

  dispose(): void {
    this.renderer.removeViewProp(this.actor)
    this.actor.delete()
    this.mapper.delete()
    this.plane.delete()
    this.slab.dispose()
    this.colours.delete()
  }
}
