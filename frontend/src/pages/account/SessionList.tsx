import { useQuery } from '@tanstack/react-query'
import { type OpenSession, sessionsQuery, useEndOtherSessions, useEndSession } from '../../api/people'
import { explain } from '../../api/problem'
import { Badge } from '../../design/Badge'
import { Button } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { showToast } from '../../design/Toast'
import { formatPlural } from '../../format/numbers'
import { formatDateTime } from '../../format/time'
import { deviceName } from './deviceName'

const BEGAN: Record<OpenSession['began_by'], string> = {
  link: 'by a link',
  password: 'with the password',
  oidc: 'at the provider',
}

const failed = (error: unknown) => showToast(explain(error).detail, 'bad')

/** Where one is signed in. */
export function SessionList() {
  const sessions = useQuery(sessionsQuery)
  const end = useEndSession()
  const endOthers = useEndOtherSessions()
  const rows = sessions.data?.items ?? []
  const columns: Column<OpenSession>[] = [
    {
      title: 'Browser',
      cell: ({ device, is_current }) => (
        <>
          <span title={device ?? undefined}>{deviceName(device)}</span>{' '}
          {is_current && <Badge tone="good">This one</Badge>}
        </>
      ),
    },
    { title: 'Last used', cell: ({ last_used_at }) => <TimeAgo iso={last_used_at} /> },
    {
      title: 'Signed in',
      cell: ({ created_at, began_by }) => (
        <>
          <TimeAgo iso={created_at} /> {BEGAN[began_by]}
        </>
      ),
    },
    { title: 'Ends', cell: ({ expires_at }) => formatDateTime(expires_at) },
    {
      title: 'Change',
      cell: ({ id, device, is_current }) =>
        !is_current && (
          <Button
            kind="danger"
            size="small"
            disabled={end.isPending}
            aria-label={`Sign out ${deviceName(device)}`}
            onClick={() =>
              end.mutate(id, { onSuccess: () => showToast('Signed out there.'), onError: failed })
            }
          >
            Sign out
          </Button>
        ),
    },
  ]
  return (
    <Section
      title="Where you are signed in"
      actions={
        rows.length > 1 && (
          <Button
            kind="danger"
            size="small"
            disabled={endOthers.isPending}
            onClick={() =>
              endOthers.mutate(undefined, {
                onSuccess: ({ ended }) => showToast(`Signed out of ${formatPlural(ended, 'other browser')}.`),
                onError: failed,
              })
            }
          >
            Sign out everywhere else
          </Button>
        )
      }
    >
      {sessions.isPending && <Skeleton label="Loading your sessions" lines={3} />}
      {sessions.error && (
        <ErrorNotice
          error={sessions.error}
          actions={<Button onClick={() => void sessions.refetch()}>Try again</Button>}
        />
      )}
      {sessions.data && (
        <Table caption="Where you are signed in" columns={columns} rows={rows} rowKey={({ id }) => id} />
      )}
    </Section>
  )
}
