/** The controls that lie in the panes: a slider through each stack, the layer, and the kind of 3D view. */
import type { ReactElement } from 'react'
import { useStore } from 'zustand'
import { AXIS_NAMES, paneFractions, sliceIndex, type Rect } from '../geometry'
import { MODES_3D, SLICE_PANES, STACK_AXIS, type Mode3d, type SlicePane, type ViewStore } from '../viewState'
import type { Shape } from '../volume'
import { LayerSwitch } from './LayerSwitch'
import styles from './PaneControls.module.css'

const MODE_NAMES: Readonly<Record<Mode3d, { name: string; title: string }>> = {
  mip: { name: 'Max', title: 'Maximum along each line of sight: protein is bright' },
  average: { name: 'Mean', title: 'Mean along each line of sight' },
  minip: { name: 'Min', title: 'Minimum along each line of sight: what is least dense' },
  surface: { name: 'Surface', title: 'Surface at a density you choose; small specks are left out' },
}

interface PaneControlsProps {
  readonly store: ViewStore
  readonly shape: Shape | null
  readonly has3d: boolean
}

const percent = (fraction: number): string => `${100 * fraction}%`
const place = (rect: Rect): React.CSSProperties => ({
  left: percent(rect.x),
  top: percent(rect.y),
  width: percent(rect.width),
  height: percent(rect.height),
})

export function PaneControls({ store, shape, has3d }: PaneControlsProps): ReactElement | null {
  const layout = useStore(store, (state) => state.layout)
  const maximised = useStore(store, (state) => state.maximised)
  if (shape === null) return null
  const panes = paneFractions(layout, maximised)
  return (
    <>
      {SLICE_PANES.map((pane) => {
        const rect = panes[pane]
        return rect === undefined ? null : (
          <div key={pane} className={styles.pane} style={place(rect)}>
            <SliceSlider store={store} pane={pane} size={shape[STACK_AXIS[pane]]} />
            {pane === (maximised ?? 'axial') && <LayerSwitch store={store} />}
          </div>
        )
      })}
      {panes.volume !== undefined && has3d && (
        <div className={styles.pane} style={place(panes.volume)}>
          <ModeSwitch store={store} />
        </div>
      )}
    </>
  )
}

function SliceSlider(props: {
  readonly store: ViewStore
  readonly pane: SlicePane
  readonly size: number
}): ReactElement {
  const { store, pane, size } = props
  const index = useStore(store, (state) => sliceIndex(state.crosshair, pane))
  const active = useStore(store, (state) => state.activePane === pane)
  const axis = AXIS_NAMES[STACK_AXIS[pane]]
  return (
    <input
      type="range"
      className={styles.slider}
      data-active={active}
      min={1}
      max={size}
      value={index + 1}
      aria-label={`Slice along ${axis}`}
      onChange={(event) => {
        const crosshair: [number, number, number] = [...store.getState().crosshair]
        crosshair[STACK_AXIS[pane]] = event.currentTarget.valueAsNumber - 1
        store.setState({ crosshair })
      }}
    />
  )
}

function ModeSwitch({ store }: { readonly store: ViewStore }): ReactElement {
  const mode = useStore(store, (state) => state.mode3d)
  const level = useStore(store, (state) => state.surfaceLevel)
  return (
    <div className={styles.modes}>
      {mode === 'surface' && (
        <label className={styles.level}>
          <span>Level</span>
          <input
            type="range"
            min={0}
            max={6}
            step={0.1}
            value={level}
            aria-valuetext={`${level.toFixed(1)} σ`}
            onChange={(event) => store.setState({ surfaceLevel: event.currentTarget.valueAsNumber })}
          />
          <output>{level.toFixed(1)} σ</output>
        </label>
      )}
      <div className={styles.segments} role="group" aria-label="Kind of 3D view">
        {MODES_3D.map((name) => (
          <button
            key={name}
            type="button"
            title={MODE_NAMES[name].title}
            aria-pressed={mode === name}
            onClick={() => store.setState({ mode3d: name })}
          >
            {MODE_NAMES[name].name}
          </button>
        ))}
      </div>
    </div>
  )
}
