import { type FormEvent, useState } from 'react'
import { useSetPassword } from '../../api/people'
import type { Session } from '../../api/types'
import { Button } from '../../design/Button'
import { TextField } from '../../design/Field'
import { ErrorNotice } from '../../design/Notice'
import styles from './LinkForm.module.css'
import { NewPasswordField, passwordError } from './NewPasswordField'

/** Set one's password; the present one is asked for unless a link was just opened. */
export function NewPasswordForm({ session, onDone }: { session: Session; onDone: () => void }) {
  const [old, setOld] = useState('')
  const [wanted, setWanted] = useState('')
  const [tried, setTried] = useState(false)
  const set = useSetPassword()
  const asksOld = session.has_password && !session.may_set_password
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (passwordError(wanted) !== null || (asksOld && old === '')) return
    set.mutate(
      { new: wanted, old: asksOld ? old : null },
      {
        onSuccess: () => {
          setOld('')
          setWanted('')
          setTried(false)
          onDone()
        },
      },
    )
  }
  return (
    <form className={styles.form} noValidate onSubmit={submit}>
      {/* Password managers look for the name beside a new password. */}
      <input
        type="text"
        name="username"
        autoComplete="username"
        value={session.user.name}
        readOnly
        hidden
        aria-hidden="true"
      />
      {asksOld && (
        <TextField
          label="Present password"
          type="password"
          value={old}
          onChange={setOld}
          error={tried && old === '' ? 'Type your present password.' : null}
          autoComplete="current-password"
          maxLength={200}
        />
      )}
      <NewPasswordField value={wanted} onChange={setWanted} tried={tried} />
      {set.error && <ErrorNotice error={set.error} />}
      <Button kind="primary" type="submit" disabled={set.isPending}>
        {set.isPending ? 'Saving…' : 'Set password'}
      </Button>
    </form>
  )
}
