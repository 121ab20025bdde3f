import { useId } from 'react'
import { classNames } from './classNames'
import styles from './Field.module.css'

export interface Option {
  value: string
  title: string
}

/** One of many, by name. */
export function SelectField({
  label,
  hint,
  options,
  value,
  onChange,
  short = false,
}: {
  label: string
  hint?: string
  options: Option[]
  value: string
  onChange: (value: string) => void
  short?: boolean
}) {
  const id = useId()
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <select
        id={id}
        className={classNames(styles.input, short && styles.short)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={hint && `${id}-hint`}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.title}
          </option>
        ))}
      </select>
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  )
}
