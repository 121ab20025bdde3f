/** The active pane's slice raw, low-passed and denoised, beside each other; wheel and crosshair keep them together. */
import { useEffect, useRef, useState, type ReactElement } from 'react'
import { useStore } from 'zustand'
import styles from './LayerStrip.module.css'
import { slicePicture } from './slicePixels'
import { placePicture } from './slicePlacement'
import { stepSlice, type SlicePane, type ViewState, type ViewStore } from './viewState'
import type { DisplayVolume } from './volume'

export interface StripLayer {
  readonly title: string
  /** Null where it is not there; `missing` says why. */
  readonly display: DisplayVolume | null
  readonly missing: string
}

interface LayerStripProps {
  readonly store: ViewStore
  readonly layers: readonly StripLayer[]
}

const paneOf = ({ activePane }: ViewState): SlicePane => (activePane === 'volume' ? 'axial' : activePane)

export function LayerStrip({ store, layers }: LayerStripProps): ReactElement {
  const state = useStore(store)
  const shape = layers.find(({ display }) => display !== null)?.display?.shape
  return (
    <div
      className={styles.strip}
      role="group"
      aria-label="Layers beside each other"
      onWheel={(event) => {
        if (shape === undefined || event.deltaY === 0) return
        store.setState(stepSlice(state, paneOf(state), event.deltaY < 0 ? 1 : -1, shape))
      }}
    >
      {layers.map((layer) => (
        <figure key={layer.title} className={styles.layer}>
          {layer.display === null ? (
            <p className={styles.missing}>{layer.missing}</p>
          ) : (
            <LayerPicture display={layer.display} state={state} title={layer.title} />
          )}
          <figcaption>{layer.title}</figcaption>
        </figure>
      ))}
    </div>
  )
}

function LayerPicture(props: {
  readonly display: DisplayVolume
  readonly state: ViewState
  readonly title: string
}): ReactElement {
  const { display, state, title } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const [tile] = useState(() => document.createElement('canvas'))
  const [size, setSize] = useState<readonly [width: number, height: number]>([0, 0])
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const measure = (): void => setSize([element.clientWidth, element.clientHeight])
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (canvas.current !== null) draw(canvas.current, tile, display, state, size)
    })
    return () => cancelAnimationFrame(frame)
  }, [display, state, tile, size])
  return <canvas ref={canvas} role="img" aria-label={`Slice, ${title}`} />
}

function draw(
  canvas: HTMLCanvasElement,
  tile: HTMLCanvasElement,
  display: DisplayVolume,
  state: ViewState,
  [cssWidth, cssHeight]: readonly [width: number, height: number],
): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  const ratio = window.devicePixelRatio || 1
  const [width, height] = [
    Math.max(1, Math.round(cssWidth * ratio)),
    Math.max(1, Math.round(cssHeight * ratio)),
  ]
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  context.clearRect(0, 0, width, height)
  const pane = paneOf(state)
  placePicture(context, tile, slicePicture(display, pane, state), {
    pane,
    rect: { x: 0, y: 0, width, height },
    shape: display.shape,
    zoom: state.zoom,
    centre: state.centre,
    smooth: state.smoothPixels,
  })
}
