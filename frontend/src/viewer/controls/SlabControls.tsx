/** How many slices are put together into one picture, and how. */
import type { ReactElement } from 'react'
import { useStore } from 'zustand'
import { MAX_SLAB, nextSlabMode, stepSlab, type SlabMode, type ViewStore } from '../viewState'
import styles from './ViewerControls.module.css'

const MODES: Readonly<Record<SlabMode, { name: string; meaning: string }>> = {
  mean: { name: 'Mean', meaning: 'their mean' },
  max: { name: 'Max', meaning: 'their maximum' },
  min: { name: 'Min', meaning: 'their minimum' },
  sum: { name: 'Sum', meaning: 'their sum, in σ of a sum of noise' },
}

export function SlabControls({ store }: { readonly store: ViewStore }): ReactElement {
  const slab = useStore(store, (state) => state.slab)
  const mode = useStore(store, (state) => state.slabMode)
  const { name, meaning } = MODES[mode]
  return (
    <section>
      <header>
        <span>Slices</span>
      </header>
      <div className={styles.slabControls}>
        <div className={styles.stepper} role="group" aria-label="Slices in one picture">
          <button
            type="button"
            title="Fewer slices in one picture ([)"
            aria-label="Fewer slices in one picture"
            disabled={slab <= 1}
            onClick={() => store.setState(stepSlab(store.getState(), -1))}
          >
            −
          </button>
          <output title="Slices in one picture">{slab}</output>
          <button
            type="button"
            title="More slices in one picture (])"
            aria-label="More slices in one picture"
            disabled={slab >= MAX_SLAB}
            onClick={() => store.setState(stepSlab(store.getState(), 1))}
          >
            +
          </button>
        </div>
        <button
          type="button"
          className={styles.slabMode}
          title={`Several slices show ${meaning}; press for the next way (T)`}
          aria-label={`Several slices show: ${name}`}
          onClick={() => store.setState(nextSlabMode)}
        >
          {name}
        </button>
      </div>
    </section>
  )
}
