import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type AuditEvent, auditFileUrl, type AuditFilter, auditQuery } from '../../api/audit'
import { Button } from '../../design/Button'
import { EmptyState } from '../../design/EmptyState'
import { TextField } from '../../design/Field'
import { ErrorNotice } from '../../design/Notice'
import { SelectField } from '../../design/SelectField'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { formatDateTime } from '../../format/time'
import { useSettled } from '../export/useSettled'
import styles from './AuditLog.module.css'
import { deedOf, detailsText, SERVICE_THINGS, THINGS } from './deeds'

interface Wanted {
  actor: string
  action: string
  from: string
  to: string
}

const NOTHING: Wanted = { actor: '', action: '', from: '', to: '' }

/** Midnight at the start of a day in this browser's time zone; null for no day. */
function startOf(day: string, daysLater = 0): string | null {
  if (day === '') return null
  const date = new Date(`${day}T00:00:00`)
  date.setDate(date.getDate() + daysLater)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

function filterOf({ actor, action, from, to }: Wanted): AuditFilter {
  const [since, until] = [startOf(from), startOf(to, 1)]
  return {
    ...(actor.trim() !== '' && { actor: actor.trim() }),
    ...(action !== '' && { action }),
    ...(since !== null && { since }),
    ...(until !== null && { until }),
  }
}

/** Who did what, newest first, with filters: of a project, or (`slug` null) of the whole service. */
export function AuditLog({ slug }: { slug: string | null }) {
  const [wanted, setWanted] = useState(NOTHING)
  const filter = filterOf(useSettled(wanted, 300))
  const log = useInfiniteQuery(auditQuery(slug, filter))
  const edit = (part: Partial<Wanted>) => setWanted({ ...wanted, ...part })
  const events = log.data?.pages.flatMap(({ items }) => items) ?? []
  const isFiltered = Object.keys(filter).length > 0
  return (
    <div className={styles.parts}>
      <div className={styles.filters} role="search" aria-label="Filter the events">
        <TextField
          label="Who"
          placeholder="sign-in name"
          value={wanted.actor}
          onChange={(actor) => edit({ actor })}
          maxLength={64}
          spellCheck={false}
        />
        <SelectField
          label="What"
          options={slug === null ? SERVICE_THINGS : THINGS}
          value={wanted.action}
          onChange={(action) => edit({ action })}
        />
        <TextField label="From" type="date" value={wanted.from} onChange={(from) => edit({ from })} />
        <TextField label="To" type="date" value={wanted.to} onChange={(to) => edit({ to })} />
        <p className={styles.files}>
          Download{isFiltered && ' these'}:{' '}
          <a href={auditFileUrl(slug, filter, 'csv')} download>
            CSV
          </a>{' '}
          <a href={auditFileUrl(slug, filter, 'ndjson')} download>
            JSON lines
          </a>
        </p>
      </div>
      {log.isPending && <Skeleton label="Loading the events" lines={6} />}
      {log.error && (
        <ErrorNotice
          error={log.error}
          actions={<Button onClick={() => void log.refetch()}>Try again</Button>}
        />
      )}
      {log.data &&
        (events.length === 0 ? (
          <EmptyState
            title={isFiltered ? 'Nothing fits these filters' : 'Nothing has happened yet'}
            actions={isFiltered && <Button onClick={() => setWanted(NOTHING)}>Show everything</Button>}
          >
            {isFiltered
              ? 'People are found by the whole name they sign in with.'
              : 'Roles, settings, imports, cycles and exports are written down here.'}
          </EmptyState>
        ) : (
          <Table
            caption="Events, newest first"
            columns={columnsFor(slug)}
            rows={events}
            rowKey={({ id }) => id}
          />
        ))}
      {log.hasNextPage && (
        <div>
          <Button disabled={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            {log.isFetchingNextPage ? 'Loading…' : 'Show older'}
          </Button>
        </div>
      )}
    </div>
  )
}

function columnsFor(slug: string | null): Column<AuditEvent>[] {
  return [
    { title: 'When', cell: ({ at }) => <time dateTime={at}>{formatDateTime(at)}</time> },
    { title: 'Who', cell: ({ actor }) => actor },
    { title: 'What', cell: ({ action }) => <span title={action}>{deedOf(action)}</span> },
    {
      title: 'Of',
      cell: ({ target, details }) => (
        <>
          {target}
          {Object.keys(details).length > 0 && <p className={styles.details}>{detailsText(details)}</p>}
        </>
      ),
    },
    ...(slug === null
      ? [{ title: 'Project', cell: ({ project }: AuditEvent) => project ?? <span aria-label="none">–</span> }]
      : []),
  ]
}
