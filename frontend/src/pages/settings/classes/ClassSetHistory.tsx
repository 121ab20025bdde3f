import { useQuery } from '@tanstack/react-query'
import { classSetHistoryQuery, type ClassSetChange } from '../../../api/classSet'
import { Section } from '../../../design/Section'
import { Table } from '../../../design/Table'
import { TimeAgo } from '../../../design/TimeAgo'

const DONE: Record<ClassSetChange['kind'], string> = {
  add: 'added',
  change: 'changed',
  merge: 'merged',
  split: 'split',
  retire: 'retired',
  restore: 'restored',
}

/** What made each version of the class set. */
export function ClassSetHistory({ slug }: { slug: string }) {
  const { data } = useQuery(classSetHistoryQuery(slug))
  if (data === undefined || data.items.length === 0) return null
  return (
    <Section title="Versions" intro="A cycle keeps to the version it was launched with.">
      <Table
        caption="Versions of the class set"
        rows={data.items}
        rowKey={({ version }) => version}
        columns={[
          { title: 'Version', cell: (row) => row.version },
          { title: 'What', cell: (row) => inWords(row) },
          { title: 'Who', cell: (row) => row.changed_by ?? 'an import' },
          { title: 'When', cell: (row) => <TimeAgo iso={row.created_at} /> },
        ]}
      />
    </Section>
  )
}

function inWords({ kind, details }: ClassSetChange): string {
  const { class_name: name, into } = details as { class_name?: string; into?: string | string[] }
  const target = into === undefined ? '' : ` into ${[into].flat().join(', ')}`
  return `${name ?? 'A class'} ${DONE[kind]}${target}`
}
