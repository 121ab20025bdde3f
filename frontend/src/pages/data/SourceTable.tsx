import type { Source } from '../../api/types'
import { type Column, Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { formatCount, formatVoxelSize } from '../../format/numbers'

const COLUMNS: Column<Source>[] = [
  { title: 'Particle list', cell: (source) => source.name },
  { title: 'Particles', numeric: true, cell: (source) => formatCount(source.row_count) },
  { title: 'Box', numeric: true, cell: (source) => `${source.box_size}³ voxels` },
  {
    title: 'Voxel size',
    numeric: true,
    cell: (source) =>
      source.voxel_size_angstrom === null ? 'unknown' : formatVoxelSize(source.voxel_size_angstrom),
  },
  { title: 'Format', cell: (source) => flavourTitle(source.flavour) },
  { title: 'Columns kept', numeric: true, cell: (source) => formatCount(source.columns.length) },
  { title: 'Imported', numeric: true, cell: (source) => <TimeAgo iso={source.created_at} /> },
]

/** `relion-3.1` → `RELION 3.1`. */
export function flavourTitle(flavour: string): string {
  const match = /^relion-(.+)$/.exec(flavour)
  return match ? `RELION ${match[1]}` : flavour
}

/** The particle lists in a project's pool. */
export function SourceTable({ sources }: { sources: Source[] }) {
  return (
    <Table
      caption="Imported particle lists"
      columns={COLUMNS}
      rows={sources}
      rowKey={(source) => source.id}
    />
  )
}
