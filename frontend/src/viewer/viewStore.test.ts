import { beforeEach, describe, expect, it } from 'vitest'
import { COLOUR_MAPS } from './colours'
import { INITIAL_VIEW, SLAB_MODES } from './viewState'
import { createViewStore, restoreView } from './viewStore'

beforeEach(() => localStorage.clear())

describe('createViewStore', () => {
  it('keeps taste from visit to visit, and starts positions afresh', () => {
    const first = createViewStore('ada', 'p1')
    const chosen = {
      invert: true,
      window: [-1, 2] as const,
      gamma: 0.7,
      colourMap: 'dusk' as const,
      slab: 5,
      slabMode: 'max' as const,
      lowPassAngstrom: 40,
    }
    first.setState({ ...chosen, zoom: 5, crosshair: [1, 2, 3], playing: 'axial', maximised: 'axial' })
    expect(createViewStore('ada', 'p1').getState()).toEqual({ ...INITIAL_VIEW, ...chosen })
  })

  it('keeps it for one person in one project', () => {
    createViewStore('ada', 'p1').setState({ invert: true })
    expect(createViewStore('ada', 'p2').getState().invert).toBe(false)
    expect(createViewStore('ben', 'p1').getState().invert).toBe(false)
  })

  it('leaves alone what another version wrote', () => {
    createViewStore('ada', 'p1').setState({ invert: true })
    const key = 'tomosift.view.ada.p1'
    const kept = JSON.parse(localStorage.getItem(key)!) as { state: unknown; version: number }
    localStorage.setItem(key, JSON.stringify({ ...kept, version: 99 }))
    expect(createViewStore('ada', 'p1').getState()).toEqual(INITIAL_VIEW)
  })

  it('starts afresh where storage holds no settings', () => {
    localStorage.setItem('tomosift.view.ada.p1', '{not json')
    expect(createViewStore('ada', 'p1').getState()).toEqual(INITIAL_VIEW)
  })
})

describe('restoreView', () => {
  it('shrugs at what is not sound', () => {
    for (const stored of [
      null,
      'x',
      7,
      {
        window: ['a', 2],
        slab: 'many',
        slabMode: 'median',
        gamma: '1',
        colourMap: 'toString',
        layout: 'spiral',
        mode3d: 3,
        invert: 1,
      },
    ]) {
      expect(restoreView(stored, INITIAL_VIEW)).toEqual(INITIAL_VIEW)
    }
  })

  it('brings numbers back into their limits', () => {
    const restored = restoreView({ slab: 8, gamma: 99, window: [9, -9] }, INITIAL_VIEW)
    expect(restored).toMatchObject({ slab: 7, gamma: 3 })
    expect(restored.window[1] - restored.window[0]).toBeCloseTo(0.2)
    expect(restoreView({ gamma: 0 }, INITIAL_VIEW).gamma).toBe(0.3)
  })

  it('knows every colour map and every way to put slices together', () => {
    for (const colourMap of COLOUR_MAPS)
      expect(restoreView({ colourMap }, INITIAL_VIEW).colourMap).toBe(colourMap)
    for (const slabMode of SLAB_MODES) expect(restoreView({ slabMode }, INITIAL_VIEW).slabMode).toBe(slabMode)
  })
})
