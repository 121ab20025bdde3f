import { TextField } from '../../design/Field'

const SHORTEST = 12

/** Why `password` cannot be taken; null where it can. The service looks further. */
export function passwordError(password: string): string | null {
  const missing = SHORTEST - password.length
  if (missing <= 0) return null
  return password === ''
    ? 'Choose a password.'
    : `${missing} more: a password has at least ${SHORTEST} characters.`
}

/** A password to be chosen. */
export function NewPasswordField({
  value,
  onChange,
  tried,
}: {
  value: string
  onChange: (value: string) => void
  tried: boolean
}) {
  return (
    <TextField
      label="New password"
      type="password"
      hint={`At least ${SHORTEST} characters, of any kind. Several words are easy to remember.`}
      value={value}
      onChange={onChange}
      error={tried ? passwordError(value) : null}
      autoComplete="new-password"
      maxLength={200}
    />
  )
}
