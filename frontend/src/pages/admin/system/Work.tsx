import { Link } from 'react-router'
import type { SystemState, SystemWork } from '../../../api/system'
import { Badge } from '../../../design/Badge'
import { Section } from '../../../design/Section'
import { type Column, Table } from '../../../design/Table'
import { TimeAgo } from '../../../design/TimeAgo'
import { formatPlural } from '../../../format/numbers'
import styles from './System.module.css'
import { describeWork, QUEUES } from './words'

const COLUMNS: Column<SystemWork>[] = [
  { title: 'Job', cell: (work) => describeWork(work) },
  {
    title: 'Project',
    cell: ({ project_slug: slug, project_name: name }) =>
      slug === null ? '–' : <Link to={`/projects/${slug}`}>{name}</Link>,
  },
  {
    title: 'State',
    cell: ({ state }) => (state === 'running' ? <Badge tone="active">Running</Badge> : 'Waiting'),
  },
  { title: 'Asked for', cell: ({ created_at }) => <TimeAgo iso={created_at} /> },
  {
    title: 'Begun',
    cell: ({ started_at }) => (started_at === null ? 'not yet' : <TimeAgo iso={started_at} />),
  },
]

/** Jobs that run or wait, and how long the queues are. */
export function Work({ system }: { system: SystemState }) {
  return (
    <Section title="Jobs">
      {system.work.length === 0 ? (
        <p className={styles.muted}>Nothing runs and nothing waits.</p>
      ) : (
        <div className={styles.jobs}>
          {system.queues.map(({ queue, queued, running, waiting_since }) => (
            <p key={queue}>
              <strong>{QUEUES[queue] ?? queue}:</strong> {formatPlural(running, 'job')} running,{' '}
              {queued === 0 ? 'none waiting' : `${queued} waiting`}
              {waiting_since !== null && (
                <>
                  , the first since <TimeAgo iso={waiting_since} />
                </>
              )}
              .
            </p>
          ))}
          <Table
            caption="Jobs that run or wait"
            columns={COLUMNS}
            rows={system.work}
            rowKey={({ kind, created_at }) => `${kind} ${created_at}`}
          />
        </div>
      )}
    </Section>
  )
}
