/** Mounts the viewer in the page. The default export, so that vtk.js loads with it and not before. */
import { useEffect, useEffectEvent, useRef, useState, type ReactElement } from 'react'
import { useStore } from 'zustand'
import { PaneControls } from './controls/PaneControls'
import { sliceIndex } from './geometry'
import { playSlices } from './slicePlayer'
import styles from './ViewerStage.module.css'
import type { ViewStore } from './viewState'
import { VolumeViewer, type ViewerStatus } from './VolumeViewer'
import type { DisplayVolume, Volume } from './volume'

export interface ViewerStageProps {
  readonly store: ViewStore
  readonly volume: Volume | null
  /** The next volumes: filtered ahead of their turn. */
  readonly upcoming: readonly Volume[]
  readonly proteinIsDark: boolean
  readonly onDisplay: (display: DisplayVolume | null) => void
  readonly onPainted: (volumeId: string) => void
}

const STATUS_TEXT: Readonly<Record<ViewerStatus, string | null>> = {
  webgl: null,
  rebuilding: 'The graphics were reset by the browser; the view is being rebuilt…',
  canvas: 'This browser offers no WebGL 2: slices work, the 3D view shows a projection along z.',
}

export default function ViewerStage(props: ViewerStageProps): ReactElement {
  const { store, volume, upcoming, proteinIsDark } = props
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

  useEffect(() => viewer?.setVolume(volume), [viewer, volume])
  useEffect(() => {
    for (const next of upcoming) viewer?.prepare(next)
  }, [viewer, upcoming, state.lowPassOn, state.lowPassAngstrom])

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

  const note = STATUS_TEXT[status]
  return (
    <div className={styles.stage}>
      <div
        ref={container}
        className={styles.canvas}
        tabIndex={0}
        role="application"
        aria-label={volume === null ? 'Volume viewer, empty' : describeView(volume, state.crosshair)}
      />
      <PaneControls store={store} shape={volume?.shape ?? null} has3d={status !== 'canvas'} />
      {note !== null && (
        <p className={styles.note} role="status">
          {note}
        </p>
      )}
    </div>
  )
}

function describeView(volume: Volume, crosshair: readonly [number, number, number]): string {
  const [nz, ny, nx] = volume.shape
  return (
    `Volume viewer: XY slice ${sliceIndex(crosshair, 'axial') + 1} of ${nz}, ` +
    `XZ slice ${sliceIndex(crosshair, 'coronal') + 1} of ${ny}, ZY slice ${sliceIndex(crosshair, 'sagittal') + 1} of ${nx}`
  )
}
