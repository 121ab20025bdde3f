import { useState } from 'react'
import { type Account, useChangeAccount, useEndSessionsOf, useMakeLink } from '../../api/people'
import { Button } from '../../design/Button'
import { CheckField } from '../../design/CheckField'
import { CopyLine } from '../../design/CopyLine'
import { Dialog } from '../../design/Dialog'
import { TextField } from '../../design/Field'
import { ErrorNotice, Notice } from '../../design/Notice'
import { showToast } from '../../design/Toast'
import { formatPlural } from '../../format/numbers'
import { formatDateTime } from '../../format/time'
import styles from './AccountDialog.module.css'

/** What an administrator can do with an account. */
export function AccountDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const [displayName, setDisplayName] = useState(account.display_name)
  const [email, setEmail] = useState(account.email ?? '')
  const [isAdmin, setIsAdmin] = useState(account.is_admin)
  const change = useChangeAccount()
  const save = () =>
    change.mutate(
      {
        userId: account.id,
        ...(displayName.trim() !== account.display_name && { display_name: displayName.trim() }),
        ...(email.trim() !== (account.email ?? '') && { email: email.trim() || null }),
        ...(isAdmin !== account.is_admin && { is_admin: isAdmin }),
      },
      {
        onSuccess: () => {
          showToast('Saved.')
          onClose()
        },
      },
    )
  return (
    <Dialog
      title={`${account.display_name} (${account.name})`}
      onClose={onClose}
      onSubmit={() => displayName.trim() !== '' && save()}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button kind="primary" type="submit" disabled={change.isPending}>
            Save
          </Button>
        </>
      }
    >
      <div className={styles.parts}>
        <TextField
          label="Name"
          value={displayName}
          onChange={setDisplayName}
          error={displayName.trim() === '' ? 'Type a name.' : null}
          maxLength={100}
        />
        <TextField
          label="E-mail"
          hint="Optional. The provider’s sign-in can be matched by it."
          type="email"
          value={email}
          onChange={setEmail}
        />
        <CheckField
          label="Administrator of this Tomosift"
          hint="Sees every project as its owner, and manages accounts."
          checked={isAdmin}
          onChange={setIsAdmin}
        />
        <WaysIn account={account} />
        <OnOff account={account} />
        {change.error && <ErrorNotice error={change.error} />}
      </div>
    </Dialog>
  )
}

function WaysIn({ account }: { account: Account }) {
  const link = useMakeLink()
  const end = useEndSessionsOf()
  const busy = link.isPending || end.isPending
  const error = link.error ?? end.error
  if (!account.is_active) return null
  return (
    <div className={styles.group}>
      <h3>Signing in</h3>
      <div className={styles.row}>
        <Button
          size="small"
          disabled={busy}
          onClick={() => link.mutate({ userId: account.id, reset: false })}
        >
          Make a sign-in link
        </Button>
        <Button
          size="small"
          kind="danger"
          disabled={busy}
          onClick={() => link.mutate({ userId: account.id, reset: true })}
        >
          Reset the password
        </Button>
        <Button
          size="small"
          kind="danger"
          disabled={busy}
          onClick={() =>
            end.mutate(account.id, {
              onSuccess: ({ ended }) => showToast(`Ended ${formatPlural(ended, 'session')}.`),
            })
          }
        >
          Sign out everywhere
        </Button>
      </div>
      <p>Resetting forgets the password, signs them out, and makes a link that asks for a new one.</p>
      {link.data && (
        <>
          <CopyLine label={`Link for ${account.display_name}`} text={link.data.url} />
          <Notice tone="warn">
            Send it to {account.display_name} alone: it signs in once, until{' '}
            {formatDateTime(link.data.expires_at)}. It is shown this once.
          </Notice>
        </>
      )}
      {error && <ErrorNotice error={error} />}
    </div>
  )
}

function OnOff({ account }: { account: Account }) {
  const change = useChangeAccount()
  return (
    <div className={styles.group}>
      <h3>{account.is_active ? 'Switch the account off' : 'The account is switched off'}</h3>
      <p>
        {account.is_active
          ? 'Ends sessions, tokens, links and invitations at once. Labels stay; it can be switched on again.'
          : 'Nobody can sign in with it. Its labels stay.'}
      </p>
      <div>
        <Button
          size="small"
          kind={account.is_active ? 'danger' : 'secondary'}
          disabled={change.isPending}
          onClick={() => change.mutate({ userId: account.id, is_active: !account.is_active })}
        >
          {account.is_active ? 'Switch off' : 'Switch on again'}
        </Button>
      </div>
      {change.error && <ErrorNotice error={change.error} />}
    </div>
  )
}
