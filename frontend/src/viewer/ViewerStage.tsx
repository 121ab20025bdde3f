/** Mounts the viewer in the page. The default export, so that vtk.js loads with it and not before. */
import { memo, useEffect, useEffectEvent, useRef, useState, type ReactElement } from 'react'
import { useStore } from 'zustand'
import { PaneControls } from './controls/PaneControls'
import { sliceIndex } from './geometry'
import { LayerStrip } from './LayerStrip'
import { playSlices } from './slicePlayer'
import { useLayers } from './useLayers'
import styles from './ViewerStage.module.css'
import type { ViewStore } from './viewState'
import { VolumeViewer, type ViewerStatus } from './VolumeViewer'
import type { DisplayVolume, Volume } from './volume'

export interface ViewerStageProps {
  readonly store: ViewStore
  readonly volume: Volume | null
  /** The next volumes: filtered ahead of their turn. */
  readonly upcoming: readonly Volume[]
  /** Denoised volumes that are there, by the id of the volume that each belongs to. */
  readonly denoised: ReadonlyMap<string, Volume>
  /** Why the denoised layer of this volume is not there; null when it is, or is not wanted. */
  readonly denoisedNote: string | null
  readonly proteinIsDark: boolean
  readonly onDisplay: (display: DisplayVolume | null) => void
  readonly onPainted: (volumeId: string) => void
  /** Tells of the next volume before the page is laid out anew; returns how to stop. */
  readonly follow?: (show: (volume: Volume | null) => void) => () => void
}

const SETTLED_MS = 150

const STATUS_TEXT: Readonly<Record<ViewerStatus, string | null>> = {
  webgl: null,
  rebuilding: 'The graphics were reset by the browser; the view is being rebuilt…',
  canvas: 'This browser offers no WebGL 2: slices work, the 3D view shows a projection along z.',
}

export default memo(function ViewerStage(props: ViewerStageProps): ReactElement {
  const { store, volume, upcoming, denoised, denoisedNote, proteinIsDark } = props
  const container = useRef<HTMLDivElement>(null)
  const [viewer, setViewer] = useState<VolumeViewer | null>(null)
  const [status, setStatus] = useState<ViewerStatus>('webgl')
  const state = useStore(store)
  const onDisplay = useEffectEvent(props.onDisplay)
  const onPainted = useEffectEvent(props.onPainted)

  useEffect(() => {
    const element = container.current
    if (element === null) return
    const made = new VolumeViewer(element, {
      state: store.getState(),
      proteinIsDark,
      onChange: (patch) => store.setState(patch),
      onDisplay: (display) => onDisplay(display),
      onStatus: setStatus,
      onPainted: (volumeId) => onPainted(volumeId),
    })
    const unsubscribe = store.subscribe((next) => made.apply(next))
    setViewer(made)
    return () => {
      unsubscribe()
      made.dispose()
      setViewer(null)
    }
  }, [store, proteinIsDark])

  const clean = volume === null ? null : (denoised.get(volume.id) ?? null)
  useEffect(() => viewer?.setVolume(volume, clean), [viewer, volume, clean])
  const { follow } = props
  useEffect(() => {
    if (viewer === null) return
    return follow?.((next) => viewer.setVolume(next, next === null ? null : (denoised.get(next.id) ?? null)))
  }, [viewer, follow, denoised])
  useEffect(() => {
    // Not while a filter is being dragged: what is on screen goes first.
    const timer = setTimeout(() => {
      for (const next of upcoming) viewer?.prepare(next, denoised.get(next.id) ?? null)
    }, SETTLED_MS)
    return () => clearTimeout(timer)
  }, [viewer, upcoming, denoised, state.lowPassOn, state.lowPassAngstrom, state.denoised])
  const layers = useLayers(viewer, volume, clean, denoisedNote, state)

  const shape = volume?.shape
  const { playing } = state
  useEffect(
    () => (playing === null || shape === undefined ? undefined : playSlices(store, playing, shape)),
    [store, playing, shape],
  )
  useEffect(() => {
    // Who asked for less motion starts it for each volume anew.
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) store.setState({ playing: null })
  }, [store, volume])

  const layerNote = state.denoised && volume !== null ? denoisedNote : null
  const note = [STATUS_TEXT[status], layerNote].filter((text) => text !== null).join(' ')
  return (
    <div className={styles.frame} data-layers={state.layersOpen}>
      <div className={styles.stage}>
        <div
          ref={container}
          className={styles.canvas}
          tabIndex={0}
          role="application"
          aria-label={volume === null ? 'Volume viewer, empty' : describeView(volume, state.crosshair)}
        />
        <PaneControls store={store} shape={volume?.shape ?? null} has3d={status !== 'canvas'} />
        {note !== '' && (
          <p className={styles.note} role="status">
            {note}
          </p>
        )}
      </div>
      {state.layersOpen && volume !== null && <LayerStrip store={store} layers={layers} />}
    </div>
  )
})

function describeView(volume: Volume, crosshair: readonly [number, number, number]): string {
  const [nz, ny, nx] = volume.shape
  return (
    `Volume viewer: XY slice ${sliceIndex(crosshair, 'axial') + 1} of ${nz}, ` +
    `XZ slice ${sliceIndex(crosshair, 'coronal') + 1} of ${ny}, ZY slice ${sliceIndex(crosshair, 'sagittal') + 1} of ${nx}`
  )
}
