/** The 3D view in vtk.js: projections of the low-passed copy, or its isosurface. */
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction'
import vtkPolyData from '@kitware/vtk.js/Common/DataModel/PolyData'
import vtkCellArray from '@kitware/vtk.js/Common/Core/CellArray'
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray'
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor'
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction'
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper'
import type vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer'
import vtkVolume from '@kitware/vtk.js/Rendering/Core/Volume'
import vtkVolumeMapper from '@kitware/vtk.js/Rendering/Core/VolumeMapper'
import { BlendMode } from '@kitware/vtk.js/Rendering/Core/VolumeMapper/Constants'
import { percentileSigma } from './contrast'
import { cameraBasis, pixelsPerVoxel3d, type Rect } from './geometry'
import type { SurfaceMesh } from './surfaceNets'
import type { Mode3d, ViewState } from './viewState'
import { sigmaToByte } from './volume'
import type { SharedImage } from './webglImage'

const BLEND: Readonly<Record<Exclude<Mode3d, 'surface'>, BlendMode>> = {
  mip: BlendMode.MAXIMUM_INTENSITY_BLEND,
  average: BlendMode.AVERAGE_INTENSITY_BLEND,
  minip: BlendMode.MINIMUM_INTENSITY_BLEND,
}

/** The σ range of each projection that is stretched from black to white; the ends are percentiles or σ. */
const GREY_RANGE: Readonly<Record<Exclude<Mode3d, 'surface'>, { low: number; high: 'max' | number }>> = {
  mip: { low: 0.6, high: 'max' },
  average: { low: -0.5, high: 1.2 },
  minip: { low: -4, high: 0 },
}

export class DensityProp {
  private readonly mapper = vtkVolumeMapper.newInstance()
  private readonly volume = vtkVolume.newInstance()
  private readonly greys = vtkColorTransferFunction.newInstance()
  private readonly opacity = vtkPiecewiseFunction.newInstance()
  private readonly surfaceMapper = vtkMapper.newInstance()
  private readonly surface = vtkActor.newInstance()
  private hasSurface = false
  private greysMode: Mode3d | null = null

  constructor(
    private readonly shared: SharedImage,
    private readonly renderer: vtkRenderer,
  ) {
    this.mapper.setInputData(shared.image)
    this.mapper.setAutoAdjustSampleDistances(false)
    this.mapper.setSampleDistance(0.5)
    this.mapper.setMaximumSamplesPerRay(4000)
    this.volume.setMapper(this.mapper)
    const property = this.volume.getProperty()
    property.setRGBTransferFunction(0, this.greys)
    property.setScalarOpacity(0, this.opacity)
    property.setInterpolationTypeToLinear()
    property.setShade(false)
    this.opacity.addPoint(0, 1)
    this.opacity.addPoint(255, 1)
    this.volume.setVisibility(false)
    this.surface.setMapper(this.surfaceMapper)
    this.surfaceMapper.setScalarVisibility(false)
    const look = this.surface.getProperty()
    look.setColor(0.62, 0.76, 0.82)
    look.setAmbient(0.18)
    look.setDiffuse(0.85)
    look.setSpecular(0.18)
    look.setSpecularPower(18)
    this.surface.setVisibility(false)
    renderer.addVolume(this.volume)
    renderer.addActor(this.surface)
  }

  densityChanged(): void {
    this.greysMode = null
  }

  setSurface(mesh: SurfaceMesh | null): void {
    this.hasSurface = mesh !== null && mesh.triangles.length > 0
    if (mesh === null || !this.hasSurface) return
    const data = vtkPolyData.newInstance()
    data.getPoints().setData(mesh.positions, 3)
    data.setPolys(vtkCellArray.newInstance({ values: vtkCells(mesh.triangles) }))
    data
      .getPointData()
      .setNormals(vtkDataArray.newInstance({ numberOfComponents: 3, values: mesh.normals, name: 'Normals' }))
    const previous = this.surfaceMapper.getInputData() as vtkPolyData | null
    this.surfaceMapper.setInputData(data)
    previous?.delete()
  }

  update(state: ViewState, rect: Rect): void {
    const { display } = this.shared
    const asSurface = state.mode3d === 'surface'
    this.volume.setVisibility(display !== null && !asSurface)
    this.surface.setVisibility(display !== null && asSurface && this.hasSurface)
    if (display === null) return
    if (state.mode3d !== 'surface') this.updateProjection(state.mode3d)
    const [nz, ny, nx] = display.shape
    const diagonal = Math.hypot(nx, ny, nz)
    const { toward, up } = cameraBasis(state.camera)
    const middle = [(nx - 1) / 2, (ny - 1) / 2, (nz - 1) / 2] as const
    const camera = this.renderer.getActiveCamera()
    camera.setFocalPoint(...middle)
    camera.setPosition(
      middle[0] + 2 * diagonal * toward[0],
      middle[1] + 2 * diagonal * toward[1],
      middle[2] + 2 * diagonal * toward[2],
    )
    camera.setViewUp(...up)
    camera.setParallelScale(rect.height / 2 / pixelsPerVoxel3d(display.shape, rect, state.camera.zoom))
    camera.setClippingRange(diagonal, 3 * diagonal)
  }

  private updateProjection(mode: Exclude<Mode3d, 'surface'>): void {
    const { display } = this.shared
    if (display === null || this.greysMode === mode) return
    this.greysMode = mode
    this.mapper.setBlendMode(BLEND[mode])
    const range = GREY_RANGE[mode]
    const high = range.high === 'max' ? percentileSigma(display, 0.9995) : range.high
    this.greys.removeAllPoints()
    this.greys.addRGBPoint(sigmaToByte(display, range.low), 0.051, 0.059, 0.071)
    this.greys.addRGBPoint(sigmaToByte(display, Math.max(high, range.low + 0.5)), 1, 1, 1)
  }

  dispose(): void {
    this.renderer.removeVolume(this.volume)
    this.renderer.removeActor(this.surface)
    const data = this.surfaceMapper.getInputData() as vtkPolyData | null
    this.surface.delete()
    this.surfaceMapper.delete()
    data?.delete()
    this.volume.delete()
    this.mapper.delete()
    this.greys.delete()
    this.opacity.delete()
  }
}

/** vtk's cell list: 3, a, b, c for each triangle. */
function vtkCells(triangles: Uint32Array): Uint32Array {
  const cells = new Uint32Array((triangles.length / 3) * 4)
  for (let triangle = 0; triangle < triangles.length / 3; triangle++) {
    cells[4 * triangle] = 3
    cells.set(triangles.subarray(3 * triangle, 3 * triangle + 3), 4 * triangle + 1)
  }
  return cells
}
