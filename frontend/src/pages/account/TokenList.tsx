import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type AccessToken, tokensQuery, useRevokeToken } from '../../api/people'
import { projectsQuery } from '../../api/queries'
import { Button } from '../../design/Button'
import { ConfirmDialog } from '../../design/ConfirmDialog'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { showToast } from '../../design/Toast'
import { formatDateTime } from '../../format/time'
import people from '../people/people.module.css'
import { NewTokenDialog } from './NewTokenDialog'

/** One's access tokens, for scripts and the command line. */
export function TokenList() {
  const tokens = useQuery(tokensQuery)
  const projects = useQuery(projectsQuery)
  const revoke = useRevokeToken()
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<AccessToken | null>(null)
  const projectName = (id: string) =>
    projects.data?.items.find((each) => each.id === id)?.name ?? 'One project'
  const columns: Column<AccessToken>[] = [
    {
      title: 'Token',
      cell: ({ name, prefix }) => (
        <>
          {name} <code className={people.muted}>{prefix}…</code>
        </>
      ),
    },
    { title: 'May', cell: ({ scope }) => (scope === 'read' ? 'read' : 'read and write') },
    {
      title: 'In',
      cell: ({ project_id }) => (project_id === null ? 'All your projects' : projectName(project_id)),
    },
    {
      title: 'Last used',
      cell: ({ last_used_at }) => (last_used_at === null ? 'Never' : <TimeAgo iso={last_used_at} />),
    },
    {
      title: 'Ends',
      cell: ({ expires_at }) =>
        expires_at === null
          ? 'Never'
          : `${Date.parse(expires_at) < Date.now() ? 'Ended ' : ''}${formatDateTime(expires_at)}`,
    },
    {
      title: 'Change',
      cell: (token) => (
        <Button
          kind="danger"
          size="small"
          aria-label={`Revoke ${token.name}`}
          onClick={() => setRevoking(token)}
        >
          Revoke
        </Button>
      ),
    },
  ]
  return (
    <Section
      title="Access tokens"
      intro="A script or the command line signs in with a token, as you. Give each the least it needs."
      actions={
        <Button icon="plus" size="small" onClick={() => setMaking(true)}>
          New token
        </Button>
      }
    >
      {tokens.isPending && <Skeleton label="Loading your tokens" lines={2} />}
      {tokens.error && (
        <ErrorNotice
          error={tokens.error}
          actions={<Button onClick={() => void tokens.refetch()}>Try again</Button>}
        />
      )}
      {tokens.data &&
        (tokens.data.items.length === 0 ? (
          <p className={people.muted}>You have none. You need one only for scripts.</p>
        ) : (
          <Table
            caption="Your access tokens"
            columns={columns}
            rows={tokens.data.items}
            rowKey={({ id }) => id}
          />
        ))}
      {making && <NewTokenDialog projects={projects.data?.items ?? []} onClose={() => setMaking(false)} />}
      {revoking && (
        <ConfirmDialog
          title={`Revoke “${revoking.name}”?`}
          action="Revoke"
          busy={revoke.isPending}
          error={revoke.error}
          onConfirm={() =>
            revoke.mutate(revoking.id, {
              onSuccess: () => {
                showToast('The token no longer works.')
                setRevoking(null)
              },
            })
          }
          onClose={() => {
            revoke.reset()
            setRevoking(null)
          }}
        >
          Whatever uses it is refused from now on. This cannot be undone; make a new one instead.
        </ConfirmDialog>
      )}
    </Section>
  )
}
