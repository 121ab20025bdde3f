import { useQuery } from '@tanstack/react-query'
import { type Invitation, invitationsQuery, useRevokeInvitation } from '../../api/people'
import { explain } from '../../api/problem'
import { ROLES } from '../../app/roles'
import { Badge, type Tone } from '../../design/Badge'
import { Button } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { showToast } from '../../design/Toast'
import { formatDateTime } from '../../format/time'
import styles from './people.module.css'

const STATES: Record<Invitation['state'], { title: string; tone: Tone }> = {
  open: { title: 'Open', tone: 'active' },
  used: { title: 'Used', tone: 'good' },
  revoked: { title: 'Taken back', tone: 'neutral' },
  expired: { title: 'Expired', tone: 'neutral' },
}

/** Invitations with what became of them, open ones first: of a project, or (`slug` null) of the service. */
export function InvitationList({ slug }: { slug: string | null }) {
  const invitations = useQuery(invitationsQuery(slug))
  const revoke = useRevokeInvitation(slug)
  const takeBack = (id: string) =>
    revoke.mutate(id, {
      onSuccess: () => showToast('The invitation was taken back. Its link no longer works.'),
      onError: (error) => showToast(explain(error).detail, 'bad'),
    })
  const columns: Column<Invitation>[] = [
    { title: 'For', cell: ({ note, used_by }) => used_by ?? (note || 'Somebody') },
    {
      title: 'Leads to',
      cell: ({ role, project }) =>
        role === null ? 'An account' : `${ROLES[role].title}${slug === null ? ` in ${project}` : ''}`,
    },
    { title: 'State', cell: ({ state }) => <Badge tone={STATES[state].tone}>{STATES[state].title}</Badge> },
    {
      title: 'Made',
      cell: ({ made_by, created_at }) => (
        <>
          {made_by !== null && `by ${made_by}, `}
          <TimeAgo iso={created_at} />
        </>
      ),
    },
    {
      title: 'Ends',
      cell: ({ state, expires_at }) => (state === 'open' ? formatDateTime(expires_at) : '–'),
    },
    {
      title: 'Change',
      cell: ({ id, state, note }) =>
        state === 'open' && (
          <Button
            kind="danger"
            size="small"
            disabled={revoke.isPending}
            aria-label={`Take back the invitation for ${note || 'somebody'}`}
            onClick={() => takeBack(id)}
          >
            Take back
          </Button>
        ),
    },
  ]
  const rows = [...(invitations.data?.items ?? [])].sort(
    (one, other) => Number(other.state === 'open') - Number(one.state === 'open'),
  )
  return (
    <Section title="Invitations">
      {invitations.isPending && <Skeleton label="Loading the invitations" lines={2} />}
      {invitations.error && (
        <ErrorNotice
          error={invitations.error}
          actions={<Button onClick={() => void invitations.refetch()}>Try again</Button>}
        />
      )}
      {invitations.data &&
        (rows.length === 0 ? (
          <p className={styles.muted}>None yet. A link that you make is listed here until it is used.</p>
        ) : (
          <Table caption="Invitations" columns={columns} rows={rows} rowKey={({ id }) => id} />
        ))}
    </Section>
  )
}
