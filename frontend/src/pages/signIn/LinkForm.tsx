import { useState } from 'react'
import { Button } from '../../design/Button'
import { TextField } from '../../design/Field'
import styles from './LinkForm.module.css'
import { tokenIn } from './linkToken'

/** Paste a one-time link to sign in here. */
export function LinkForm({
  busy,
  onToken,
  button = 'Sign in',
}: {
  busy: boolean
  onToken: (token: string) => void
  button?: string
}) {
  const [text, setText] = useState('')
  const [tried, setTried] = useState(false)
  const token = tokenIn(text)
  return (
    <form
      className={styles.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (token !== null) onToken(token)
      }}
    >
      <TextField
        label="Sign-in link"
        value={text}
        onChange={setText}
        error={
          tried && token === null
            ? 'This is no sign-in link. Paste the whole link, including “#token=…”.'
            : null
        }
        autoComplete="off"
        spellCheck={false}
        placeholder="http://…/sign-in#token=…"
      />
      <Button kind={button === 'Sign in' ? 'primary' : 'secondary'} type="submit" disabled={busy}>
        {busy ? 'Signing in…' : button}
      </Button>
    </form>
  )
}
