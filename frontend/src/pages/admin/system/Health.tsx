import type { SystemState } from '../../../api/system'
import { useNow } from '../../../design/TimeAgo'
import { Figure, Figures } from '../../../design/Figure'
import { Notice } from '../../../design/Notice'
import { Prose } from '../../../design/Prose'
import { formatCount, formatPlural } from '../../../format/numbers'
import { formatDateTime, formatDuration, secondsBetween } from '../../../format/time'
import styles from './System.module.css'

/** What is wrong now, most important first; then the service itself in figures. */
export function Health({ system }: { system: SystemState }) {
  const { database } = system
  const now = useNow(30)
  const troubles = troublesOf(system)
  return (
    <>
      <div className={styles.notices}>
        {troubles.length === 0 && (
          <Notice tone="good" title="Everything runs">
            Service, database, message broker and workers answer, and there is room on the disk.
          </Notice>
        )}
        {troubles.map(({ title, detail, tone }) => (
          <Notice key={title} tone={tone} title={title}>
            <Prose text={detail} />
          </Notice>
        ))}
      </div>
      <Figures>
        <Figure label="Tomosift" value={system.version} note="version of the service" />
        <Figure
          label="Running for"
          value={formatDuration(secondsBetween(system.started_at, null, now))}
          note={`since ${formatDateTime(system.started_at)}`}
        />
        <Figure
          label="PostgreSQL"
          value={database.version}
          note={`${formatCount(database.connections)} of ${formatCount(database.most_connections)} connections`}
        />
        <Figure
          label="Message broker"
          value={system.broker_problem === null ? 'Answers' : 'Does not answer'}
          note={
            system.unsent_messages === 0
              ? 'nothing waits to be sent'
              : `${formatPlural(system.unsent_messages, 'message')} waiting to be sent`
          }
        />
        <Figure
          label="Being labeled"
          value={formatPlural(system.live_leases, 'particle')}
          note="open or fetched ahead just now"
        />
      </Figures>
    </>
  )
}

interface Trouble {
  title: string
  detail: string
  tone: 'warn' | 'bad'
}

function troublesOf(system: SystemState): Trouble[] {
  const troubles: Trouble[] = []
  if (system.broker_problem !== null) {
    troubles.push({ title: 'Workers get no messages', detail: system.broker_problem, tone: 'bad' })
  }
  for (const disk of system.disks.filter(({ is_low }) => is_low)) {
    troubles.push({
      title: `The disk of ${disk.holds.join(' and ')} is nearly full`,
      detail:
        'When it is full, nothing more is saved. Delete old exports and projects, or give it more room.',
      tone: 'bad',
    })
  }
  const alive = new Set(system.workers.filter(({ is_alive }) => is_alive).map(({ queue }) => queue))
  if (!alive.has('cpu')) {
    troubles.push({
      title: 'No worker for imports and exports',
      detail: 'They wait until one runs. Start `tomosift up` again, and see logs/worker-cpu.log.',
      tone: 'bad',
    })
  }
  if (!alive.has('gpu')) {
    troubles.push({
      title: 'No worker for training',
      detail:
        'Labeling works; cycles wait. Install the package with the extra `worker`, and see logs/worker-gpu.log.',
      tone: 'warn',
    })
  }
  return troubles
}
