/** Which layer the slices show, and whether all are shown beside each other. */
import type { ReactElement } from 'react'
import { useStore } from 'zustand'
import { LAYERS, shownLayer, withLayer, type Layer, type ViewStore } from '../viewState'
import styles from './PaneControls.module.css'
import { ToolIcon } from './ToolButton'

const NAMES: Readonly<Record<Layer, { name: string; title: string }>> = {
  raw: { name: 'Raw', title: 'The voxels as they were imported' },
  'low-passed': { name: 'Low-pass', title: 'Without the finest detail, where noise is strongest (L)' },
  denoised: {
    name: 'Denoised',
    title: 'As an autoencoder gives it back: an impression, no measurement (D)',
  },
}

export function LayerSwitch({ store }: { readonly store: ViewStore }): ReactElement {
  const layer = useStore(store, shownLayer)
  const layersOpen = useStore(store, (state) => state.layersOpen)
  return (
    <div className={styles.layers}>
      <div className={styles.segments} role="group" aria-label="Layer">
        {LAYERS.map((each) => (
          <button
            key={each}
            type="button"
            title={NAMES[each].title}
            aria-pressed={layer === each}
            onClick={() => store.setState(withLayer(each))}
          >
            {NAMES[each].name}
          </button>
        ))}
        <button
          type="button"
          title="All three beside each other (V)"
          aria-pressed={layersOpen}
          onClick={() => store.setState({ layersOpen: !layersOpen })}
        >
          <ToolIcon path="M1 2h4v12H1zM6 2h4v12H6zM11 2h4v12h-4z" label="All three beside each other" />
        </button>
      </div>
    </div>
  )
}
