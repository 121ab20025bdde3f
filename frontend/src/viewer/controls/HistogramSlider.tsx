/** A contrast window with two handles over the histogram of the drawn volume, in σ. */
import { useMemo, type CSSProperties, type ReactElement } from 'react'
import { toneGradient, type Tone } from '../colours'
import { clampWindow, CONTRAST_LIMITS, histogram, type ContrastWindow } from '../contrast'
import type { DisplayVolume } from '../volume'
import styles from './HistogramSlider.module.css'

interface HistogramSliderProps {
  readonly display: DisplayVolume | null
  readonly window: ContrastWindow
  /** How greys are drawn, for the ramp. */
  readonly tone: Tone
  readonly onChange: (window: ContrastWindow) => void
}

const BINS = 96
const [FLOOR, CEILING] = CONTRAST_LIMITS
const fraction = (sigma: number): number => (sigma - FLOOR) / (CEILING - FLOOR)
export const formatSigma = (sigma: number): string => `${sigma < 0 ? '−' : ''}${Math.abs(sigma).toFixed(1)}`

/** Outline of the histogram in a box BINS wide and 1 high; the square root keeps the tails in sight. */
function outline(display: DisplayVolume): string {
  const counts = histogram(display, BINS)
  const highest = counts.reduce((most, count) => Math.max(most, count), 1)
  const points = Array.from(
    counts,
    (count, bin) => `L${bin + 0.5} ${(1 - Math.sqrt(count / highest)).toFixed(3)}`,
  )
  return `M0 1 ${points.join(' ')} L${BINS} 1 Z`
}

export function HistogramSlider({ display, window, tone, onChange }: HistogramSliderProps): ReactElement {
  // The worker counts the voxels: nothing is drawn before it has, rather than counting them here as well.
  const path = useMemo(() => (display?.counts === undefined ? null : outline(display)), [display])
  const { invert, gamma, colourMap } = tone
  const ramp = useMemo(
    () => toneGradient({ invert, gamma, colourMap }, 'var(--low)', 'var(--high)'),
    [invert, gamma, colourMap],
  )
  const [low, high] = window
  const position = {
    '--low': `${100 * fraction(low)}%`,
    '--high': `${100 * fraction(high)}%`,
  } as CSSProperties
  return (
    <div className={styles.slider} style={position}>
      <svg viewBox={`0 0 ${BINS} 1`} preserveAspectRatio="none" aria-hidden="true">
        {path !== null && <path d={path} />}
      </svg>
      <div className={styles.ramp} style={{ background: ramp }} />
      <input
        type="range"
        min={FLOOR}
        max={CEILING}
        step={0.1}
        value={low}
        aria-label="Contrast, lower end"
        aria-valuetext={`${formatSigma(low)} sigma`}
        onChange={(event) => onChange(clampWindow([event.currentTarget.valueAsNumber, high], 'low'))}
      />
      <input
        type="range"
        min={FLOOR}
        max={CEILING}
        step={0.1}
        value={high}
        aria-label="Contrast, upper end"
        aria-valuetext={`${formatSigma(high)} sigma`}
        onChange={(event) => onChange(clampWindow([low, event.currentTarget.valueAsNumber], 'high'))}
      />
    </div>
  )
}
