import { describe, expect, it } from 'vitest'
import {
  centred,
  clampVoxel,
  effectiveLowPass,
  INITIAL_VIEW,
  MAX_SLAB,
  nextColourMap,
  nextSlabMode,
  resetContrast,
  stepSlab,
  stepSlice,
  shownLayer,
  toggleLowPass,
  togglePlay,
  withLayer,
  withLowPass,
} from './viewState'

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
    const denoised = { ...chosen, ...withLayer('denoised') }
    expect(shownLayer(denoised)).toBe('denoised')
    expect(shownLayer({ ...denoised, ...toggleLowPass(denoised) })).toBe('low-passed')
    expect(shownLayer({ ...denoised, ...withLayer('raw') })).toBe('raw')
    const slidOff = { ...chosen, ...withLowPass(0) }
    expect(effectiveLowPass(slidOff, 10)).toBe(0)
    expect(effectiveLowPass({ ...slidOff, ...toggleLowPass(slidOff) }, 10)).toBe(64)
  })

  it('puts an odd number of slices together', () => {
    expect(stepSlab(INITIAL_VIEW, 1).slab).toBe(3)
    expect(stepSlab(INITIAL_VIEW, -1).slab).toBe(1)
    expect(stepSlab({ ...INITIAL_VIEW, slab: MAX_SLAB }, 1).slab).toBe(MAX_SLAB)
  })

  it('goes round the ways to put slices together, and round the colour maps', () => {
    const modes = ['mean', 'max', 'min', 'sum', 'mean']
    modes.slice(1).reduce((state, mode) => {
      const next = { ...state, ...nextSlabMode(state) }
      expect(next.slabMode).toBe(mode)
      return next
    }, INITIAL_VIEW)
    expect(nextColourMap(INITIAL_VIEW).colourMap).toBe('lagoon')
    expect(nextColourMap({ ...INITIAL_VIEW, colourMap: 'dusk' }).colourMap).toBe('grey')
  })

  it('takes back contrast and colours, and nothing else', () => {
    const changed = {
      ...INITIAL_VIEW,
      window: [0, 1] as const,
      invert: true,
      gamma: 2,
      colourMap: 'ember' as const,
    }
    expect({ ...changed, ...resetContrast() }).toEqual(INITIAL_VIEW)
    expect({ ...changed, slab: 5, ...resetContrast() }.slab).toBe(5)
  })

  it('plays the slices of the pane in sight, and stops', () => {
    const state = { ...INITIAL_VIEW, activePane: 'coronal' as const }
    expect(togglePlay(state)).toEqual({ playing: 'coronal' })
    expect(togglePlay({ ...state, maximised: 'sagittal' })).toEqual({ playing: 'sagittal' })
    expect(togglePlay({ ...state, activePane: 'volume' })).toEqual({ playing: 'axial' })
    expect(togglePlay({ ...state, playing: 'axial' })).toEqual({ playing: null })
  })
})
