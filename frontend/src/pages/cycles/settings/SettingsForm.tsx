import { useState } from 'react'
import type { SettingError, SettingValues } from '../../../api/cycleModels'
import { CheckField } from '../../../design/CheckField'
import { Disclosure } from '../../../design/Disclosure'
import { TextField } from '../../../design/Field'
import { SelectField } from '../../../design/SelectField'
import styles from './SettingsForm.module.css'
import { readText, type SettingField, settingGroups, valueAt } from './settingsSchema'

const BY_DEFAULT = 'by default'

/**
 * Every setting of a cycle, in folded groups. `values` are what would hold as far as the preset says; a setting it
 * leaves open stands as `by default`, and goes back to that with undefined. What is typed wrong is said at once.
 */
export function SettingsForm({
  schema,
  values,
  errors,
  onEdit,
}: {
  schema: unknown
  values: SettingValues
  /** What the service says against them. */
  errors: readonly SettingError[]
  /** A setting was changed; null: what its field holds cannot be read. */
  onEdit: (path: readonly string[], edit: { value: unknown } | null) => void
}) {
  const groups = settingGroups(schema, values)
  const errorAt = (path: readonly string[]) => errors.find(({ where }) => where === path.join('.'))?.reason
  return (
    <div className={styles.groups}>
      {groups.map((group) => (
        <Disclosure key={group.name} summary={`${group.title} (${group.fields.length})`}>
          {group.help && <p className={styles.help}>{group.help}</p>}
          <div className={styles.fields}>
            {group.fields.map((field) => (
              <Setting
                key={field.path.join('.')}
                field={field}
                value={valueAt(values, field.path)}
                error={errorAt(field.path) ?? null}
                onEdit={(edit) => onEdit(field.path, edit)}
              />
            ))}
          </div>
        </Disclosure>
      ))}
    </div>
  )
}

interface SettingProps {
  field: SettingField
  value: unknown
  error: string | null
  onEdit: (edit: { value: unknown } | null) => void
}

function Setting(props: SettingProps) {
  const { field, value, onEdit } = props
  if (field.kind === 'check' && value !== undefined) {
    return (
      <CheckField
        label={field.title}
        hint={field.help}
        checked={value === true}
        onChange={(on) => onEdit({ value: on })}
      />
    )
  }
  if (field.kind === 'check') {
    const options = ['yes', 'no'].map((each) => ({ value: each, title: each }))
    return <Choice {...props} options={options} read={(chosen) => chosen === 'yes'} />
  }
  if (field.kind === 'choice') {
    const options = field.options.map(({ text }) => ({ value: text, title: text }))
    const read = (chosen: string) => field.options.find(({ text }) => text === chosen)?.value
    return <Choice {...props} options={options} read={read} />
  }
  return <NumberSetting {...props} />
}

function Choice({
  field,
  value,
  onEdit,
  options,
  read,
}: SettingProps & { options: { value: string; title: string }[]; read: (chosen: string) => unknown }) {
  const unset = value === undefined ? [{ value: '', title: BY_DEFAULT }] : []
  return (
    <SelectField
      label={field.title}
      hint={field.help}
      options={[...unset, ...options]}
      value={value === undefined ? '' : String(value)}
      onChange={(chosen) => onEdit({ value: chosen === '' ? undefined : read(chosen) })}
    />
  )
}

function NumberSetting({ field, value, error, onEdit }: SettingProps) {
  // What is being typed; null while the field shows the value itself.
  const [typed, setTyped] = useState<string | null>(null)
  const isOpen = value === undefined
  const read = (text: string) => (isOpen && text.trim() === '' ? { value: undefined } : readText(field, text))
  const found = typed === null ? null : read(typed)
  const wrong = found !== null && 'error' in found ? found.error : null
  const type = (text: string) => {
    setTyped(text)
    const now = read(text)
    onEdit('error' in now ? null : now)
  }
  return (
    <TextField
      label={field.title}
      hint={[field.help, field.bounds && `(${field.bounds})`].filter(Boolean).join(' ')}
      value={typed ?? (value == null ? '' : String(value))}
      placeholder={isOpen ? BY_DEFAULT : undefined}
      onChange={type}
      onBlur={() => wrong === null && setTyped(null)}
      error={wrong ?? error}
      inputMode="decimal"
      short
    />
  )
}
