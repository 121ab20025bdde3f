import { useState } from 'react'
import { useInvite } from '../../api/people'
import type { Role } from '../../api/types'
import { ROLE_OPTIONS, ROLES } from '../../app/roles'
import { Button } from '../../design/Button'
import { CopyLine } from '../../design/CopyLine'
import { Dialog } from '../../design/Dialog'
import { ChoiceField, TextField } from '../../design/Field'
import { ErrorNotice, Notice } from '../../design/Notice'
import { SelectField } from '../../design/SelectField'
import { formatDateTime } from '../../format/time'
import styles from './people.module.css'

const DAYS = [
  { value: '1', title: 'One day' },
  { value: '7', title: '7 days' },
  { value: '30', title: '30 days' },
]

/** Make an invitation and show its link: into a project, or (`slug` null) to the service alone. */
export function InviteDialog({ slug, onClose }: { slug: string | null; onClose: () => void }) {
  const [role, setRole] = useState<Role>('annotator')
  const [days, setDays] = useState('7')
  const [note, setNote] = useState('')
  const invite = useInvite(slug)
  if (invite.data !== undefined) {
    return (
      <Dialog
        title="The invitation is ready"
        onClose={onClose}
        footer={
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <div className={styles.fields}>
          <p>
            Send this link{note !== '' && ` to ${note}`}. Whoever opens it first
            {slug === null ? ' makes an account' : ' joins the project'}; it works once, until{' '}
            {formatDateTime(invite.data.expires_at)}.
          </p>
          <CopyLine label="Invitation link" text={invite.data.url} />
          <Notice tone="warn">
            The link is shown this once. If it is lost, take it back and make another.
          </Notice>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog
      title={slug === null ? 'Invite somebody to Tomosift' : 'Invite somebody into this project'}
      onClose={onClose}
      onSubmit={() => invite.mutate({ role, note: note.trim(), expires_in_days: Number(days) })}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={invite.isPending}>
            {invite.isPending ? 'Making the link…' : 'Make the link'}
          </Button>
        </>
      }
    >
      <div className={styles.fields}>
        {slug !== null && (
          <ChoiceField
            label="Role"
            choices={ROLE_OPTIONS.map(({ value, title }) => ({
              id: value,
              title,
              description: `May ${ROLES[value].may}.`,
            }))}
            value={role}
            onChange={(id) => setRole(id as Role)}
          />
        )}
        <SelectField label="The link works for" options={DAYS} value={days} onChange={setDays} />
        <TextField
          label="Who it is for"
          hint="Optional. Only those who may invite see it."
          value={note}
          onChange={setNote}
          maxLength={200}
        />
        {invite.error && <ErrorNotice error={invite.error} />}
      </div>
    </Dialog>
  )
}
