import { TextField } from '../../../design/Field'

/** Who or what made classes that come from elsewhere. */
export function ImporterField({
  label,
  value,
  onChange,
  error,
}: {
  label: string
  value: string
  onChange: (importer: string) => void
  error: string | null
}) {
  return (
    <TextField
      label={label}
      hint="People see this name beside them."
      placeholder="RELION Class3D job042"
      value={value}
      onChange={onChange}
      error={error}
    />
  )
}
