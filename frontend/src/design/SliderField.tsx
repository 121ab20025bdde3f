import { useId } from 'react'
import styles from './Field.module.css'

/** A number on a scale, with what it means now beside it. */
export function SliderField({
  label,
  hint,
  min,
  max,
  step,
  value,
  text,
  onChange,
}: {
  label: string
  hint?: string
  min: number
  max: number
  step: number
  value: number
  /** The value in words, shown and read out. */
  text: string
  onChange: (value: number) => void
}) {
  const id = useId()
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <div className={styles.slider}>
        <input
          id={id}
          type="range"
          min={min}
          max={max}
          step={step}
          value={value}
          aria-valuetext={text}
          aria-describedby={hint && `${id}-hint`}
          onChange={(event) => onChange(Number(event.target.value))}
        />
        <output htmlFor={id}>{text}</output>
      </div>
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  )
}
