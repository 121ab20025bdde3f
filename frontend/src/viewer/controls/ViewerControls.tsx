/** The bar of view controls: contrast, colours, low-pass, slices, layout. */
import { memo, type ReactElement } from 'react'
import { useStore } from 'zustand'
import { autoWindow } from '../contrast'
import {
  centred,
  DEFAULT_CAMERA,
  effectiveLowPass,
  togglePlay,
  withLowPass,
  type ViewStore,
} from '../viewState'
import { formatLength, workingVoxelSize, type DisplayVolume, type Volume } from '../volume'
import { ColourControls } from './ColourControls'
import { formatSigma, HistogramSlider } from './HistogramSlider'
import { lowPassStops, nearestStop } from './lowPassStops'
import { SlabControls } from './SlabControls'
import { ToolButton, ToolIcon } from './ToolButton'
import styles from './ViewerControls.module.css'

interface ViewerControlsProps {
  readonly store: ViewStore
  readonly volume: Volume | null
  readonly display: DisplayVolume | null
}

/** Stretch the contrast to what the drawn volume holds. */
export function applyAutoContrast(store: ViewStore, display: DisplayVolume | null): void {
  if (display !== null) store.setState({ window: autoWindow(display) })
}

/** Back to the middle of the volume, unzoomed, all panes in sight. */
export function resetView(store: ViewStore, volume: Volume | null): void {
  const middle = volume === null ? {} : centred(volume.shape)
  store.setState({ ...middle, zoom: 1, maximised: null, camera: DEFAULT_CAMERA })
}

export const ViewerControls = memo(function ViewerControls(props: ViewerControlsProps): ReactElement {
  const { store, volume, display } = props
  const state = useStore(store)
  const voxelSize = volume?.voxelSizeAngstrom ?? null
  const stops = lowPassStops(workingVoxelSize(voxelSize))
  const lowPass = effectiveLowPass(state, workingVoxelSize(voxelSize))
  const cutoff = lowPass === 0 ? 'off' : volume === null ? 'on' : formatLength(lowPass, voxelSize)
  return (
    <div className={styles.bar} role="toolbar" aria-label="View">
      <section className={styles.contrast}>
        <header>
          <span>Contrast</span>
          <output>
            {formatSigma(state.window[0])} to {formatSigma(state.window[1])} σ
          </output>
        </header>
        <HistogramSlider
          display={display}
          window={state.window}
          tone={state}
          onChange={(window) => store.setState({ window })}
        />
      </section>
      <div className={styles.buttons}>
        <ToolButton
          title="Fit the contrast to this volume (A)"
          onClick={() => applyAutoContrast(store, display)}
        >
          Auto
        </ToolButton>
        <ToolButton
          title="Invert the greys (I)"
          pressed={state.invert}
          onClick={() => store.setState({ invert: !state.invert })}
        >
          Invert
        </ToolButton>
        <ColourControls store={store} />
      </div>
      <section className={styles.lowPass}>
        <header>
          <span>Low-pass</span>
          <output>{cutoff}</output>
        </header>
        <input
          type="range"
          min={0}
          max={stops.length - 1}
          value={nearestStop(stops, lowPass)}
          aria-label="Low-pass of the slices"
          aria-valuetext={cutoff}
          title="Low-pass of the slices; L switches it off and on"
          onChange={(event) => store.setState(withLowPass(stops[event.currentTarget.valueAsNumber] ?? 0))}
        />
      </section>
      <SlabControls store={store} />
      <div className={styles.buttons}>
        <ToolButton
          title={
            state.playing === null ? 'Run through the slices of the active pane (P)' : 'Stop the slices (P)'
          }
          pressed={state.playing !== null}
          onClick={() => store.setState(togglePlay)}
        >
          <ToolIcon
            path={state.playing === null ? 'M4 2l10 6-10 6z' : 'M3 2h4v12H3zM9 2h4v12H9z'}
            label="Play the slices"
          />
        </ToolButton>
        <ToolButton
          title="Smooth pixels, or show each voxel"
          pressed={state.smoothPixels}
          onClick={() => store.setState({ smoothPixels: !state.smoothPixels })}
        >
          <ToolIcon
            path="M2 2h4v4H2zM10 2h4v4h-4zM6 6h4v4H6zM2 10h4v4H2zM10 10h4v4h-4z"
            label="Smooth pixels"
          />
        </ToolButton>
        <ToolButton
          title="Crosshair on and off (X)"
          pressed={state.crosshairVisible}
          onClick={() => store.setState({ crosshairVisible: !state.crosshairVisible })}
        >
          <ToolIcon
            path="M7.25 1h1.5v4.5h-1.5zM7.25 10.5h1.5V15h-1.5zM1 7.25h4.5v1.5H1zM10.5 7.25H15v1.5h-4.5z"
            label="Crosshair"
          />
        </ToolButton>
      </div>
      <div className={styles.buttons} role="group" aria-label="Layout">
        <ToolButton
          title="Four equal panes"
          pressed={state.layout === 'grid' && state.maximised === null}
          onClick={() => store.setState({ layout: 'grid', maximised: null })}
        >
          <ToolIcon path="M1 1h6v6H1zM9 1h6v6H9zM1 9h6v6H1zM9 9h6v6H9z" label="Four equal panes" />
        </ToolButton>
        <ToolButton
          title="One large slice, three small panes"
          pressed={state.layout === 'focus' && state.maximised === null}
          onClick={() => store.setState({ layout: 'focus', maximised: null })}
        >
          <ToolIcon path="M1 1h9v14H1zM12 1h3v4h-3zM12 6h3v4h-3zM12 11h3v4h-3z" label="One large slice" />
        </ToolButton>
        <ToolButton title="Reset the view (R)" onClick={() => resetView(store, volume)}>
          Reset
        </ToolButton>
      </div>
    </div>
  )
})
