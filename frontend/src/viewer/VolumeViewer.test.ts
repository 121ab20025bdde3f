import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CanvasScene } from './canvasScene'
import { INITIAL_VIEW, type ViewState } from './viewState'
import { rawDisplay, type DisplayVolume, type Volume } from './volume'
import { VolumeViewer, type ViewerStatus } from './VolumeViewer'

// jsdom has no WebGL: this is the fallback's path, with everything but the vtk.js scene.

const volume = (id: string, size = 8): Volume => ({
  id,
  shape: [size, size, size],
  voxelSizeAngstrom: 10,
  bytes: Uint8Array.from({ length: size ** 3 }, (_, i) => (i * 31) % 256),
  scale: 1,
  offset: 0,
  mean: 128,
  std: 70,
})

let container: HTMLElement
let state: ViewState
let viewer: VolumeViewer
let displays: (DisplayVolume | null)[]
let painted: string[]
let statuses: ViewerStatus[]
let frames: Map<number, FrameRequestCallback>

/** Let the browser draw its next frame. */
function nextFrame(): void {
  const due = [...frames.values()]
  frames.clear()
  for (const callback of due) callback(0)
}

function change(patch: Partial<ViewState>): void {
  state = { ...state, ...patch }
  viewer.apply(state)
}

beforeEach(() => {
  vi.stubGlobal(
    'ImageData',
    class {
      constructor(
        readonly data: Uint8ClampedArray,
        readonly width: number,
        readonly height: number,
      ) {}
    },
  )
  frames = new Map()
  let frameId = 0
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => {
    frames.set(++frameId, callback)
    return frameId
  })
  vi.stubGlobal('cancelAnimationFrame', (id: number) => frames.delete(id))
  container = document.createElement('div')
  Object.defineProperties(container, { clientWidth: { value: 802 }, clientHeight: { value: 602 } })
  container.setPointerCapture = () => undefined
  document.body.append(container)
  state = { ...INITIAL_VIEW, lowPassOn: false }
  displays = []
  painted = []
  statuses = []
  viewer = new VolumeViewer(container, {
    state,
    proteinIsDark: true,
    onChange: change,
    onDisplay: (display) => displays.push(display),
    onStatus: (status) => statuses.push(status),
    onPainted: (id) => painted.push(id),
  })
})
afterEach(() => {
  viewer.dispose()
  container.remove()
})

describe('VolumeViewer', () => {
  it('falls back to a 2D canvas without WebGL, and says so', () => {
    expect(statuses).toEqual(['canvas'])
    expect(container.querySelectorAll('canvas')).toHaveLength(2)
  })

  it('shows a volume in its middle, and tells when it is drawn', () => {
    viewer.setVolume(volume('a', 9))
    expect(state.crosshair).toEqual([4, 4, 4])
    expect(painted).toEqual([])
    nextFrame()
    expect(painted).toEqual(['a'])
    viewer.setVolume(volume('a', 9))
    nextFrame()
    expect(painted).toEqual(['a'])
  })

  it('draws at once when asked to', () => {
    viewer.setVolume(volume('a'))
    viewer.render()
    expect(painted).toEqual(['a'])
  })

  it('shows the raw slices first and the filtered ones when they are there', async () => {
    const first = volume('a')
    change({ lowPassOn: true, lowPassAngstrom: 60 })
    viewer.setVolume(first)
    expect(displays.at(-1)).toEqual(rawDisplay(first))
    await vi.waitFor(() => expect(displays.at(-1)?.bytes).not.toBe(first.bytes))
  })

  it('shows the denoised layer where it is wanted and there, and the other one where it is not', async () => {
    const [first, clean] = [volume('a'), { ...volume('clean'), offset: 5 }]
    viewer.setVolume(first)
    change({ denoised: true })
    expect(displays.at(-1)?.sigmaAtZero).toBe(rawDisplay(first).sigmaAtZero)
    viewer.setVolume(first, clean)
    await vi.waitFor(() => expect(displays.at(-1)?.sigmaAtZero).toBe(rawDisplay(clean).sigmaAtZero))
    const next = { ...volume('next'), offset: 9 }
    viewer.setVolume(next)
    expect(displays.at(-1)?.sigmaAtZero).toBe(rawDisplay(next).sigmaAtZero)
  })

  it('draws the slices of a new volume before its 3D view', async () => {
    change({ lowPassOn: true, lowPassAngstrom: 60 })
    const next = volume('next')
    viewer.prepare(next)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const drawn: string[] = []
    const draw = vi.spyOn(CanvasScene.prototype, 'setDensity')
    draw.mockImplementation((density) => void drawn.push(density === null ? 'nothing' : 'density'))
    viewer.setVolume(next)
    nextFrame()
    expect(painted).toEqual(['next'])
    expect(drawn).toEqual(['nothing'])
    nextFrame()
    expect(drawn).toEqual(['nothing', 'density'])
    expect(frames.size).toBe(1)
    draw.mockRestore()
  })

  it('has prepared volumes filtered at once', async () => {
    change({ lowPassOn: true, lowPassAngstrom: 60 })
    const next = volume('next')
    viewer.prepare(next)
    await new Promise((resolve) => setTimeout(resolve, 20))
    viewer.setVolume(next)
    expect(displays.at(-1)?.bytes).not.toBe(next.bytes)
  })

  it('never shows the filtered copy of a volume that is no longer on screen', async () => {
    change({ lowPassOn: true, lowPassAngstrom: 60 })
    viewer.setVolume(volume('a', 8))
    viewer.setVolume(volume('b', 10))
    await vi.waitFor(() => expect(displays.at(-1)?.sigmaPerByte).not.toBe(1 / 70))
    expect(displays.slice(1).every((display) => display?.shape[0] === 10)).toBe(true)
    viewer.setVolume(null)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(displays.at(-1)).toBeNull()
  })

  it('moves by its methods as by its state', () => {
    viewer.setVolume(volume('a', 8))
    nextFrame()
    viewer.setSlice('axial', 99)
    viewer.setContrast([-1, 1], true)
    viewer.setMode('surface')
    viewer.render()
    // A gesture starts from what is shown: the clamped slice 7.
    container.dispatchEvent(new WheelEvent('wheel', { deltaY: 120, clientX: 100, clientY: 100 }))
    expect(state.crosshair[0]).toBe(6)
  })

  it('stops drawing when it is disposed of', () => {
    viewer.setVolume(volume('a'))
    viewer.dispose()
    nextFrame()
    expect(painted).toEqual([])
    expect(container.querySelectorAll('canvas')).toHaveLength(0)
  })
})
