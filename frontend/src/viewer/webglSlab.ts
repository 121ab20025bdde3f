/** A slab as an image of its own for vtk.js, whose own slabs sample between the slices and beyond their ends. */
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray'
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData'
import { PANE_AXES } from './geometry'
import { slabSlice, strides } from './slab'
import { STACK_AXIS, type SlabMode, type SlicePane } from './viewState'
import type { DisplayVolume, Shape } from './volume'

/** The same picture twice: vtk.js cannot cut an image that is one voxel thin. */
const LAYERS = 2

export class SlabImage {
  /** The plane to cut lies in its middle, at 0.5 along the stack. */
  readonly image = vtkImageData.newInstance()
  private readonly scalars = vtkDataArray.newInstance({
    numberOfComponents: 1,
    values: new Float32Array(8),
    name: 'slab',
  })
  private shown: readonly unknown[] = []

  constructor(private readonly pane: SlicePane) {
    this.image.setDimensions(2, 2, 2)
    this.image.getPointData().setScalars(this.scalars)
  }

  /** Hold these slices of a volume; computed only where they are others than before. */
  set(display: DisplayVolume, [first, last]: readonly [number, number], mode: SlabMode): void {
    const wanted = [display, first, last, mode]
    if (wanted.every((value, index) => value === this.shown[index])) return
    this.shown = wanted
    const { width, values } = slabSlice(display, this.pane, [first, last], mode)
    const { right, up } = PANE_AXES[this.pane]
    const stack = STACK_AXIS[this.pane]
    const shape: [number, number, number] = [...display.shape]
    shape[stack] = LAYERS
    const step = strides(shape as Shape)
    const voxels = new Float32Array(LAYERS * values.length)
    values.forEach((value, index) => {
      const at = (index % width) * step[right] + Math.floor(index / width) * step[up]
      for (let layer = 0; layer < LAYERS; layer++) voxels[at + layer * step[stack]] = value
    })
    this.image.setDimensions(shape[2], shape[1], shape[0])
    this.scalars.setData(voxels, 1)
    this.image.modified()
  }

  dispose(): void {
    this.image.delete()
    this.scalars.delete()
  }
}
