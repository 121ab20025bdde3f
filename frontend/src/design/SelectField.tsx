import { useId } from 'react'
import { classNames } from './classNames'
import { describedBy, LabelledField } from './Field'
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
    <LabelledField id={id} label={label} hint={hint}>
      <select
        id={id}
        className={classNames(styles.input, short && styles.short)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={describedBy(id, hint)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.title}
          </option>
        ))}
      </select>
    </LabelledField>
  )
}
