import { type FormEvent, useState } from 'react'
import { Button } from '../../design/Button'
import { TextField } from '../../design/Field'
import styles from './LinkForm.module.css'

/** Name and password. With `fixedName` it asks for the password of that account alone. */
export function PasswordForm({
  busy,
  fixedName = null,
  onSubmit,
}: {
  busy: boolean
  fixedName?: string | null
  onSubmit: (wanted: { name: string; password: string }) => void
}) {
  const [typedName, setName] = useState('')
  const [password, setPassword] = useState('')
  const [tried, setTried] = useState(false)
  const name = fixedName ?? typedName.trim()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (name !== '' && password !== '') onSubmit({ name, password })
  }
  return (
    <form className={styles.form} noValidate onSubmit={submit}>
      {fixedName === null && (
        <TextField
          label="Name"
          value={typedName}
          onChange={setName}
          error={tried && name === '' ? 'Type the name you sign in with.' : null}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
        />
      )}
      <TextField
        label="Password"
        type="password"
        value={password}
        onChange={setPassword}
        error={tried && password === '' ? 'Type your password.' : null}
        autoComplete="current-password"
        maxLength={200}
      />
      <Button kind="primary" type="submit" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}
