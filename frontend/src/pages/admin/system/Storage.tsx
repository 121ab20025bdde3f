import type { SystemState } from '../../../api/system'
import { Badge } from '../../../design/Badge'
import { Meter } from '../../../design/Meter'
import { Section } from '../../../design/Section'
import { type Column, Table } from '../../../design/Table'
import { formatBytes, share } from '../../../format/numbers'
import styles from './System.module.css'

type Stored = SystemState['stored'][number]

const NAMES: Readonly<Record<Stored['name'], string>> = {
  volumes: 'Volumes',
  'models and results': 'Models, scores, exports',
  uploads: 'Uploads on their way in',
  database: 'Database',
}

const COLUMNS: Column<Stored>[] = [
  { title: 'What', cell: ({ name }) => NAMES[name] },
  {
    title: 'Size',
    numeric: true,
    cell: ({ bytes, is_partial }) => `${is_partial ? 'more than ' : ''}${formatBytes(bytes)}`,
  },
]

/** How full the disks are, and what takes the room. */
export function Storage({ system }: { system: SystemState }) {
  return (
    <Section title="Disk">
      <ul className={styles.disks}>
        {system.disks.map(({ holds, total_bytes: total, free_bytes: free, is_low }) => (
          <li key={holds.join()} className={styles.disk}>
            <p>
              Disk of {holds.join(' and ')}: <strong>{formatBytes(free)}</strong> of {formatBytes(total)} free{' '}
              {is_low && <Badge tone="bad">Nearly full</Badge>}
            </p>
            <Meter
              label={`Used of the disk of ${holds.join(' and ')}`}
              value={share(total - free, total) ?? 0}
              {...(is_low && { color: 'var(--bad)' })}
            />
          </li>
        ))}
      </ul>
      <div className={styles.narrow}>
        <Table caption="What takes room" columns={COLUMNS} rows={system.stored} rowKey={({ name }) => name} />
      </div>
    </Section>
  )
}
