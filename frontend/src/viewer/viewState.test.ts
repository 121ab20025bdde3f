import { beforeEach, describe, expect, it } from 'vitest'
import {
  centred,
  clampVoxel,
  createViewStore,
  effectiveLowPass,
  INITIAL_VIEW,
  MAX_SLAB,
  restoreView,
  stepSlab,
  stepSlice,
  toggleLowPass,
  withLowPass,
} from './viewState'

beforeEach(() => localStorage.clear())

describe('view state', () => {
  it('is serialisable as a whole', () => {
    expect(JSON.parse(JSON.stringify(INITIAL_VIEW))).toEqual(INITIAL_VIEW)
  })

  it('steps through the stack of the pane, and no further than its ends', () => {
    const state = { ...INITIAL_VIEW, crosshair: [5, 6, 7] as const }
    expect(stepSlice(state, 'axial', 1, [28, 28, 28]).crosshair).toEqual([6, 6, 7])
    expect(stepSlice(state, 'coronal', -1, [28, 28, 28]).crosshair).toEqual([5, 5, 7])
    expect(stepSlice(state, 'sagittal', 99, [28, 28, 28]).crosshair).toEqual([5, 6, 27])
    expect(stepSlice(state, 'volume', 1, [28, 28, 28]).crosshair).toEqual([5, 6, 7])
  })

  it('goes to the middle of a volume', () => {
    expect(centred([28, 31, 32])).toEqual({ crosshair: [14, 15, 16], centre: [13.5, 15, 15.5] })
    expect(clampVoxel([-3, 2.6, 99], [28, 28, 28])).toEqual([0, 3, 27])
  })

  it('filters by the voxel size until a cut-off is chosen, and switches off and back on at the same cut-off', () => {
    expect(effectiveLowPass(INITIAL_VIEW, 10)).toBe(40)
    const chosen = { ...INITIAL_VIEW, ...withLowPass(64) }
    expect(effectiveLowPass(chosen, 10)).toBe(64)
    const off = { ...chosen, ...toggleLowPass(chosen) }
    expect(effectiveLowPass(off, 10)).toBe(0)
    expect(effectiveLowPass({ ...off, ...toggleLowPass(off) }, 10)).toBe(64)
    const slidOff = { ...chosen, ...withLowPass(0) }
    expect(effectiveLowPass(slidOff, 10)).toBe(0)
    expect(effectiveLowPass({ ...slidOff, ...toggleLowPass(slidOff) }, 10)).toBe(64)
  })

  it('averages an odd number of slices', () => {
    expect(stepSlab(INITIAL_VIEW, 1).slab).toBe(3)
    expect(stepSlab(INITIAL_VIEW, -1).slab).toBe(1)
    expect(stepSlab({ ...INITIAL_VIEW, slab: MAX_SLAB }, 1).slab).toBe(MAX_SLAB)
  })
})

describe('createViewStore', () => {
  it('keeps taste from visit to visit, and starts positions afresh', () => {
    const first = createViewStore()
    first.setState({ invert: true, window: [-1, 2], lowPassAngstrom: 40, zoom: 5, crosshair: [1, 2, 3] })
    const second = createViewStore().getState()
    expect(second.invert).toBe(true)
    expect(second.window).toEqual([-1, 2])
    expect(second.lowPassAngstrom).toBe(40)
    expect(second.zoom).toBe(1)
    expect(second.crosshair).toEqual([0, 0, 0])
  })

  it('shrugs at what another version or a person left in storage', () => {
    for (const stored of [
      null,
      'x',
      7,
      { window: ['a', 2], slab: 'many', layout: 'spiral', mode3d: 3, invert: 1 },
    ]) {
      expect(restoreView(stored, INITIAL_VIEW)).toEqual(INITIAL_VIEW)
    }
    expect(restoreView({ slab: 8, window: [9, -9] }, INITIAL_VIEW)).toMatchObject({ slab: 7 })
    localStorage.setItem('tomosift.view', '{not json')
    expect(createViewStore().getState()).toEqual(INITIAL_VIEW)
  })
})
