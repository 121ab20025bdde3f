import { type InputHTMLAttributes, type ReactNode, useId } from 'react'
import { classNames } from './classNames'
import styles from './Field.module.css'
import { Icon } from './icons'

interface Labelled {
  label: string
  hint?: string
  /** Why the value cannot be used, shown at once beneath the field. */
  error?: string | null
}

type Native = Omit<InputHTMLAttributes<HTMLInputElement>, 'className' | 'onChange' | 'value' | 'id'>

/** One line of text (or a number, by `type` and `inputMode`). */
export function TextField({
  label,
  hint,
  error,
  value,
  onChange,
  short = false,
  ...rest
}: Labelled & Native & { value: string; onChange: (value: string) => void; short?: boolean }) {
  const id = useId()
  return (
    <LabelledField id={id} label={label} hint={hint} error={error}>
      <input
        id={id}
        className={classNames(styles.input, short && styles.short)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={Boolean(error)}
        aria-describedby={describedBy(id, hint, error)}
        {...rest}
      />
    </LabelledField>
  )
}

/** Several lines of text. */
export function TextArea({
  label,
  hint,
  error,
  value,
  onChange,
  rows = 4,
}: Labelled & { value: string; onChange: (value: string) => void; rows?: number }) {
  const id = useId()
  return (
    <LabelledField id={id} label={label} hint={hint} error={error}>
      <textarea
        id={id}
        className={styles.input}
        rows={rows}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={Boolean(error)}
        aria-describedby={describedBy(id, hint, error)}
      />
    </LabelledField>
  )
}

export interface Choice {
  id: string
  title: string
  description: string
}

/** One of a few, each explained in a sentence. */
export function ChoiceField({
  label,
  hint,
  choices,
  value,
  onChange,
}: {
  label: string
  hint?: string
  choices: Choice[]
  value: string
  onChange: (id: string) => void
}) {
  const name = useId()
  return (
    <fieldset className={styles.field}>
      <legend className={styles.label}>{label}</legend>
      {hint && <p className={styles.hint}>{hint}</p>}
      <div className={styles.choices}>
        {choices.map((choice) => (
          <label key={choice.id} className={styles.choice}>
            <input
              type="radio"
              name={name}
              value={choice.id}
              checked={choice.id === value}
              onChange={() => onChange(choice.id)}
              aria-labelledby={`${name}-${choice.id}`}
              aria-describedby={`${name}-${choice.id}-text`}
            />
            <span id={`${name}-${choice.id}`} className={styles.choiceTitle}>
              {choice.title}
            </span>
            <span id={`${name}-${choice.id}-text`} className={styles.choiceText}>
              {choice.description}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** The ids of what explains the field `id`, for its `aria-describedby`. */
export function describedBy(id: string, hint?: string, error?: string | null): string | undefined {
  return [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined
}

/** A control with its label above and its explanation beneath; `id` is the control's. */
export function LabelledField({
  id,
  label,
  hint,
  error,
  children,
}: {
  id: string
  label: string
  hint: string | undefined
  error?: string | null | undefined
  children: ReactNode
}) {
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          <Icon name="alert" size={13} />
          {error}
        </p>
      )}
    </div>
  )
}
