/** A vtk.js image whose voxels are swapped in place, so that the pipeline behind it is built once. */
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray'
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData'
import type { DisplayVolume } from './volume'

/** Shown before the first volume: vtk.js cannot draw an image without voxels. */
const EMPTY: DisplayVolume = { shape: [2, 2, 2], bytes: new Uint8Array(8), sigmaPerByte: 1, sigmaAtZero: 0 }

export class SharedImage {
  readonly image = vtkImageData.newInstance()
  private readonly scalars = vtkDataArray.newInstance({
    numberOfComponents: 1,
    values: EMPTY.bytes,
    name: 'density',
  })
  private shown: DisplayVolume | null = null

  constructor() {
    this.image.setDimensions(2, 2, 2)
    this.image.getPointData().setScalars(this.scalars)
  }

  get display(): DisplayVolume | null {
    return this.shown
  }

  set(display: DisplayVolume | null): void {
    this.shown = display
    if (display === null) return
    const [nz, ny, nx] = display.shape
    this.image.setDimensions(nx, ny, nz)
    this.scalars.setData(display.bytes, 1)
    this.image.modified()
  }

  dispose(): void {
    this.image.delete()
    this.scalars.delete()
  }
}
