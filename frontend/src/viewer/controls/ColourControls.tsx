/** Gamma and colour map of the slices, in a panel above the bar. */
import type { ReactElement } from 'react'
import { useStore } from 'zustand'
import { usePopover } from '../../design/usePopover'
import { COLOUR_MAPS, GAMMA_LIMITS, toneGradient, type ColourMap } from '../colours'
import { resetContrast, type ViewStore } from '../viewState'
import styles from './ColourControls.module.css'
import { ToolButton } from './ToolButton'

const MAP_NAMES: Readonly<Record<ColourMap, string>> = {
  grey: 'Grey',
  lagoon: 'Lagoon',
  ember: 'Ember',
  dusk: 'Dusk',
}

/** The slider moves in equal ratios: gamma 1 is in its middle. */
const GAMMA_STEPS = 60
const [LEAST, MOST] = GAMMA_LIMITS
export function gammaToStep(gamma: number): number {
  const limit = gamma < 1 ? 1 / LEAST : MOST
  return Math.round((GAMMA_STEPS / 2) * (1 + Math.log(gamma) / Math.log(limit)))
}
export function stepToGamma(step: number): number {
  const part = (2 * step) / GAMMA_STEPS - 1
  const gamma = part < 0 ? LEAST ** -part : MOST ** part
  return Math.round(100 * gamma) / 100
}

export function ColourControls({ store }: { readonly store: ViewStore }): ReactElement {
  const { open, anchor, toggle } = usePopover()
  const { gamma, colourMap } = useStore(store)

  return (
    <div {...anchor} className={styles.anchor}>
      <button {...toggle} type="button" className={styles.toggle} title="Gamma and colour map of the slices">
        Colours
        <span className={styles.swatch} style={{ background: swatch(colourMap) }} aria-hidden="true" />
      </button>
      {open && (
        <div className={styles.panel} role="group" aria-label="Gamma and colour map">
          <label className={styles.gamma}>
            <span>Gamma</span>
            <input
              type="range"
              min={0}
              max={GAMMA_STEPS}
              value={gammaToStep(gamma)}
              aria-label="Gamma"
              aria-valuetext={gamma.toFixed(2)}
              title="Below 1 brightens the middle greys, above 1 darkens them"
              onChange={(event) => store.setState({ gamma: stepToGamma(event.currentTarget.valueAsNumber) })}
            />
            <output>{gamma.toFixed(2)}</output>
          </label>
          <div className={styles.maps} role="group" aria-label="Colour map">
            {COLOUR_MAPS.map((map) => (
              <button
                key={map}
                type="button"
                aria-pressed={map === colourMap}
                onClick={() => store.setState({ colourMap: map })}
              >
                <span className={styles.swatch} style={{ background: swatch(map) }} aria-hidden="true" />
                {MAP_NAMES[map]}
              </button>
            ))}
          </div>
          <ToolButton
            title="Contrast, gamma, inversion and colours as at the first visit"
            onClick={() => store.setState(resetContrast())}
          >
            Reset contrast and colours
          </ToolButton>
        </div>
      )}
    </div>
  )
}

const swatch = (colourMap: ColourMap): string =>
  toneGradient({ invert: false, gamma: 1, colourMap }, '0%', '100%')
