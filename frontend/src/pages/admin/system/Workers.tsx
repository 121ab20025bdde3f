import type { SystemState, SystemWorker } from '../../../api/system'
import { Badge } from '../../../design/Badge'
import { Section } from '../../../design/Section'
import { type Column, Table } from '../../../design/Table'
import { TimeAgo } from '../../../design/TimeAgo'
import { formatBytes } from '../../../format/numbers'
import { formatDuration } from '../../../format/time'
import styles from './System.module.css'
import { describeWork, QUEUES } from './words'

/** Who does the work, on what device, and what each does just now. */
export function Workers({ system }: { system: SystemState }) {
  const columns: Column<SystemWorker>[] = [
    {
      title: 'Worker',
      cell: ({ queue, hostname }) => (
        <>
          {QUEUES[queue] ?? queue} <span className={styles.muted}>{hostname}</span>
        </>
      ),
    },
    {
      title: 'State',
      cell: ({ is_alive, heartbeat_age_seconds }) =>
        is_alive ? (
          <Badge tone="good">Alive</Badge>
        ) : (
          <Badge tone="bad">Silent for {formatDuration(heartbeat_age_seconds)}</Badge>
        ),
    },
    { title: 'Device', cell: ({ device_name }) => device_name },
    {
      title: 'Memory',
      numeric: true,
      cell: ({ memory_bytes }) => (memory_bytes === null ? 'unknown' : formatBytes(memory_bytes)),
    },
    {
      title: 'Does',
      cell: ({ id }) =>
        system.work
          .filter(({ worker }) => worker === id)
          .map((work) => describeWork(work))
          .join('; ') || <span className={styles.muted}>nothing now</span>,
    },
    { title: 'Started', cell: ({ started_at }) => <TimeAgo iso={started_at} /> },
  ]
  return (
    <Section title="Workers" intro="A worker that is gone is listed for a day.">
      {system.workers.length === 0 ? (
        <p className={styles.muted}>None has announced itself. After a start that takes a few seconds.</p>
      ) : (
        <Table caption="Workers" columns={columns} rows={system.workers} rowKey={({ id }) => id} />
      )}
    </Section>
  )
}
