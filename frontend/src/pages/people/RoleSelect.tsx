import type { Role } from '../../api/types'
import { ROLE_OPTIONS } from '../../app/roles'
import styles from './people.module.css'

/** A role in a row of a table. */
export function RoleSelect({
  label,
  value,
  disabled,
  onChange,
}: {
  label: string
  value: Role
  disabled: boolean
  onChange: (role: Role) => void
}) {
  return (
    <select
      className={styles.select}
      aria-label={label}
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value as Role)}
    >
      {ROLE_OPTIONS.map((option) => (
        <option key={option.value} value={option.value}>
          {option.title}
        </option>
      ))}
    </select>
  )
}
