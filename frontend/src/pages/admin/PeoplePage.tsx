import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Account, accountsQuery } from '../../api/people'
import { Badge } from '../../design/Badge'
import { Button } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { InvitationList } from '../people/InvitationList'
import { InviteDialog } from '../people/InviteDialog'
import people from '../people/people.module.css'
import { useUser } from '../../app/userContext'
import { AccountDialog } from './AccountDialog'
import { AdminFrame } from './AdminFrame'

/** Everybody with an account. */
export default function PeoplePage() {
  const me = useUser()
  const accounts = useQuery({ ...accountsQuery, enabled: me.is_admin })
  const [inviting, setInviting] = useState(false)
  const [opened, setOpened] = useState<string | null>(null)
  const account = accounts.data?.items.find(({ id }) => id === opened)
  const columns: Column<Account>[] = [
    {
      title: 'Person',
      cell: ({ id, display_name, name }) => (
        <>
          {display_name} <span className={people.muted}>{name}</span> {id === me.id && <Badge>You</Badge>}
        </>
      ),
    },
    {
      title: 'State',
      cell: ({ is_active, is_admin }) => (
        <>
          {is_active ? 'On' : <Badge tone="warn">Switched off</Badge>}
          {is_admin && ', administrator'}
        </>
      ),
    },
    { title: 'Signs in', cell: (each) => waysIn(each) },
    {
      title: 'Last seen',
      cell: ({ last_seen_at }) => (last_seen_at === null ? 'Never' : <TimeAgo iso={last_seen_at} />),
    },
    {
      title: 'Change',
      cell: ({ id, display_name }) => (
        <Button size="small" aria-label={`Manage ${display_name}`} onClick={() => setOpened(id)}>
          Manage…
        </Button>
      ),
    },
  ]
  return (
    <AdminFrame
      title="People"
      actions={
        <Button icon="plus" kind="primary" onClick={() => setInviting(true)}>
          Invite somebody
        </Button>
      }
    >
      <div className={people.parts}>
        {accounts.isPending && <Skeleton label="Loading the accounts" lines={5} />}
        {accounts.error && (
          <ErrorNotice
            error={accounts.error}
            actions={<Button onClick={() => void accounts.refetch()}>Try again</Button>}
          />
        )}
        {accounts.data && (
          <Table caption="Accounts" columns={columns} rows={accounts.data.items} rowKey={({ id }) => id} />
        )}
        <InvitationList slug={null} />
      </div>
      {inviting && <InviteDialog slug={null} onClose={() => setInviting(false)} />}
      {account && <AccountDialog account={account} onClose={() => setOpened(null)} />}
    </AdminFrame>
  )
}

function waysIn({ has_password, has_provider }: Account): string {
  const ways = [has_password && 'password', has_provider && 'provider'].filter(Boolean)
  return ways.length === 0 ? 'by links only' : ways.join(', ')
}
