import { describe, expect, it } from 'vitest'
import {
  cameraBasis,
  paneAt,
  paneRects,
  projectVoxel,
  scaleBar,
  screenToVoxel,
  slabRange,
  voxelToScreen,
  zoomAt,
  type Rect,
} from './geometry'
import { PANES, SLICE_PANES, type Voxel } from './viewState'
import type { Shape } from './volume'

const SHAPE: Shape = [20, 30, 40]
const RECT: Rect = { x: 100, y: 50, width: 300, height: 200 }
const CENTRE: Voxel = [9.5, 14.5, 19.5]

describe('panes', () => {
  it('tile the stage without overlap, a gap apart', () => {
    for (const layout of ['grid', 'focus'] as const) {
      const rects = paneRects(layout, null, 801, 603, 2)
      const area = PANES.reduce((sum, pane) => sum + rects[pane]!.width * rects[pane]!.height, 0)
      expect(area).toBeGreaterThan(0.98 * 801 * 603)
      expect(area).toBeLessThan(801 * 603)
      for (const pane of PANES) {
        const rect = rects[pane]!
        expect(paneAt(rects, rect.x, rect.y)).toBe(pane)
        expect(paneAt(rects, rect.x + rect.width - 1, rect.y + rect.height - 1)).toBe(pane)
      }
    }
  })

  it('give a maximised pane the whole stage', () => {
    expect(paneRects('grid', 'coronal', 800, 600, 2)).toEqual({
      coronal: { x: 0, y: 0, width: 800, height: 600 },
    })
  })
})

describe('slice coordinates', () => {
  it('turn back into the voxel they came from, in each pane', () => {
    const voxel: Voxel = [3, 25, 11]
    for (const pane of SLICE_PANES) {
      const { x, y } = voxelToScreen(voxel, pane, RECT, SHAPE, 2.5, [8, 15, 21])
      const back = screenToVoxel(x, y, pane, RECT, SHAPE, 2.5, [8, 15, 21], voxel)
      back.forEach((value, axis) => expect(value).toBeCloseTo(voxel[axis]!))
    }
  })

  it('show y upwards and share rows and columns between panes', () => {
    const up = (y: number): number => voxelToScreen([10, y, 20], 'axial', RECT, SHAPE, 1, CENTRE).y
    expect(up(20)).toBeLessThan(up(10))
    const cube: Shape = [30, 30, 30]
    const middle: Voxel = [14.5, 14.5, 14.5]
    const voxel: Voxel = [4, 9, 22]
    const axial = voxelToScreen(voxel, 'axial', RECT, cube, 1, middle)
    expect(voxelToScreen(voxel, 'coronal', RECT, cube, 1, middle).x).toBeCloseTo(axial.x)
    expect(voxelToScreen(voxel, 'sagittal', RECT, cube, 1, middle).y).toBeCloseTo(axial.y)
  })

  it('keep the voxel under the pointer while zooming', () => {
    const view = { zoom: 1.5, centre: CENTRE, crosshair: [5, 5, 5] as const }
    const [x, y] = [180, 90]
    const before = screenToVoxel(x, y, 'coronal', RECT, SHAPE, view.zoom, view.centre, view.crosshair)
    const next = zoomAt(x, y, 2, 'coronal', RECT, SHAPE, view)
    expect(next.zoom).toBe(3)
    const after = screenToVoxel(x, y, 'coronal', RECT, SHAPE, next.zoom, next.centre, view.crosshair)
    after.forEach((value, axis) => expect(value).toBeCloseTo(before[axis]!))
  })

  it('return to the middle when zoomed out', () => {
    const view = { zoom: 2, centre: [1, 2, 3] as const, crosshair: [5, 5, 5] as const }
    expect(zoomAt(180, 90, 0.1, 'axial', RECT, SHAPE, view)).toEqual({ zoom: 1, centre: CENTRE })
  })
})

describe('slabRange', () => {
  it('stays inside the stack', () => {
    expect(slabRange(10, 5, 28)).toEqual([8, 12])
    expect(slabRange(0, 5, 28)).toEqual([0, 2])
    expect(slabRange(27, 3, 28)).toEqual([26, 27])
    expect(slabRange(4, 1, 28)).toEqual([4, 4])
  })
})

describe('scaleBar', () => {
  it('is a round length that fits', () => {
    expect(scaleBar(8, 110)).toEqual({ length: 10, pixels: 80 })
    expect(scaleBar(3, 110)).toEqual({ length: 20, pixels: 60 })
    expect(scaleBar(100, 110).length).toBe(1)
    expect(scaleBar(1000, 110).length).toBeCloseTo(0.1)
  })
})

describe('3D camera', () => {
  it('has a right-handed orthonormal frame', () => {
    const { toward, up, right } = cameraBasis({ azimuth: 37, elevation: -52, zoom: 1 })
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, v, i) => sum + v * b[i]!, 0)
    for (const vector of [toward, up, right]) expect(dot(vector, vector)).toBeCloseTo(1)
    const cross = [
      right[1] * up[2] - right[2] * up[1],
      right[2] * up[0] - right[0] * up[2],
      right[0] * up[1] - right[1] * up[0],
    ]
    expect(dot(cross, toward)).toBeCloseTo(1)
  })

  it('looks down z at 90° and keeps the whole box in its pane from everywhere', () => {
    const top = projectVoxel([19, 15, 20], RECT, SHAPE, { azimuth: -90, elevation: 90, zoom: 1 })
    expect(top.depth).toBeCloseTo(9.5)
    for (let azimuth = 0; azimuth < 360; azimuth += 30) {
      for (const corner of [0, 1, 2, 3, 4, 5, 6, 7]) {
        const voxel: Voxel = [corner & 4 ? 19 : 0, corner & 2 ? 29 : 0, corner & 1 ? 39 : 0]
        const { x, y } = projectVoxel(voxel, RECT, SHAPE, { azimuth, elevation: 25, zoom: 1 })
        expect(paneAt({ volume: RECT }, x, y)).toBe('volume')
      }
    }
  })
})
