import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { paneRects, voxelToScreen } from './geometry'
import { PointerControl } from './pointerControl'
import { centred, INITIAL_VIEW, type ViewState, type Voxel } from './viewState'
import type { Shape } from './volume'

const SHAPE: Shape = [28, 28, 28]
const RECTS = paneRects('grid', null, 800, 600, 2)
const AXIAL = { clientX: 200, clientY: 150 }
const VOLUME = { clientX: 600, clientY: 450 }

let element: HTMLElement
let state: ViewState
let control: PointerControl

beforeEach(() => {
  element = document.createElement('div')
  element.setPointerCapture = () => undefined
  document.body.append(element)
  state = { ...INITIAL_VIEW, ...centred(SHAPE) }
  control = new PointerControl(element, {
    state: () => state,
    shape: () => SHAPE,
    rects: () => RECTS,
    change: (patch) => (state = { ...state, ...patch }),
  })
})
afterEach(() => {
  control.dispose()
  element.remove()
})

const wheel = (at: object, deltaY: number, more: WheelEventInit = {}): WheelEvent => {
  const event = new WheelEvent('wheel', { ...at, deltaY, cancelable: true, ...more })
  element.dispatchEvent(event)
  return event
}
const pointer = (type: string, at: object, more: PointerEventInit = {}): void => {
  element.dispatchEvent(new PointerEvent(type, { ...at, button: 0, pointerId: 1, cancelable: true, ...more }))
}
const over = (voxel: Voxel): { clientX: number; clientY: number } => {
  const { x, y } = voxelToScreen(voxel, 'axial', RECTS.axial!, SHAPE, state.zoom, state.centre)
  return { clientX: x, clientY: y }
}

describe('wheel', () => {
  it('goes through the slices of the pane under the pointer, a notch a slice', () => {
    expect(wheel(AXIAL, -120).defaultPrevented).toBe(true)
    expect(state.crosshair).toEqual([15, 14, 14])
    wheel(AXIAL, 120)
    wheel(AXIAL, 120)
    expect(state.crosshair).toEqual([13, 14, 14])
    wheel(AXIAL, 3, { deltaMode: 1 })
    expect(state.crosshair).toEqual([12, 14, 14])
  })

  it("adds up a touchpad's small steps", () => {
    for (let i = 0; i < 9; i++) wheel(AXIAL, -4)
    expect(state.crosshair[0]).toBe(14)
    wheel(AXIAL, -4)
    expect(state.crosshair[0]).toBe(15)
  })

  it('zooms with Ctrl, and in the 3D view', () => {
    wheel(AXIAL, -200, { ctrlKey: true })
    expect(state.zoom).toBeGreaterThan(1.5)
    expect(state.crosshair).toEqual([14, 14, 14])
    wheel(VOLUME, -200)
    expect(state.camera.zoom).toBeGreaterThan(1.2)
  })
})

describe('drag', () => {
  it('moves the crosshair, and with it the other slices', () => {
    pointer('pointerdown', over([14, 20, 5]))
    expect(state.crosshair).toEqual([14, 20, 5])
    pointer('pointermove', over([14, 3, 25]))
    expect(state.crosshair).toEqual([14, 3, 25])
    pointer('pointermove', { clientX: -500, clientY: 5000 })
    expect(state.crosshair).toEqual([14, 0, 0])
    pointer('pointerup', AXIAL)
    pointer('pointermove', over([14, 9, 9]))
    expect(state.crosshair).toEqual([14, 0, 0])
  })

  it('pans with Space or the middle button', () => {
    window.dispatchEvent(new KeyboardEvent('keydown', { code: 'Space' }))
    pointer('pointerdown', AXIAL)
    pointer('pointermove', { clientX: 220, clientY: 150 })
    expect(state.crosshair).toEqual([14, 14, 14])
    expect(state.centre[2]).toBeLessThan(13.5)
    expect(state.centre[1]).toBe(13.5)
    pointer('pointerup', AXIAL)
    window.dispatchEvent(new KeyboardEvent('keyup', { code: 'Space' }))
    const before = state.centre
    pointer('pointerdown', AXIAL, { button: 1 })
    pointer('pointermove', { clientX: 200, clientY: 120 })
    expect(state.centre[1]).toBeLessThan(before[1])
  })

  it('turns the 3D view, up to looking straight down', () => {
    pointer('pointerdown', VOLUME)
    pointer('pointermove', { clientX: 640, clientY: 450 })
    expect(state.camera.azimuth).toBeLessThan(INITIAL_VIEW.camera.azimuth)
    pointer('pointermove', { clientX: 640, clientY: 5000 })
    expect(state.camera.elevation).toBe(90)
    expect(state.crosshair).toEqual([14, 14, 14])
  })

  it('leaves the right button to the browser', () => {
    pointer('pointerdown', over([14, 20, 5]), { button: 2 })
    expect(state.crosshair).toEqual([14, 14, 14])
  })
})

describe('the rest', () => {
  it('makes a pane large by a double click, and small again', () => {
    element.dispatchEvent(new MouseEvent('dblclick', VOLUME))
    expect(state.maximised).toBe('volume')
    element.dispatchEvent(new MouseEvent('dblclick', VOLUME))
    expect(state.maximised).toBeNull()
  })

  it('remembers the pane last pointed at, for the keys', () => {
    pointer('pointermove', VOLUME)
    expect(state.activePane).toBe('volume')
    pointer('pointermove', { clientX: 200, clientY: 450 })
    expect(state.activePane).toBe('coronal')
  })

  it('listens no more once disposed of', () => {
    control.dispose()
    wheel(AXIAL, 120)
    expect(state.crosshair).toEqual([14, 14, 14])
  })
})
