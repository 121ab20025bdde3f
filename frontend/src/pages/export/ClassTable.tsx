import type { ExportedClass } from '../../api/types'
import { type Column, Table } from '../../design/Table'
import { formatCount } from '../../format/numbers'
import styles from './ExportPage.module.css'
import { explainPrecision, formatPrecision } from './words'

const NOT_CLASSES = ['junk', 'unsure', 'unlabeled']

/** The classes that are exported unless one says otherwise: all but junk, unsure and unlabeled. */
export function usualClasses(counts: readonly ExportedClass[]): string[] {
  return counts.map(({ name }) => name).filter((name) => !NOT_CLASSES.includes(name))
}

/** Every class with its particles and what fraction is expected to be right; ticked are those to export. */
export function ClassTable({
  counts,
  chosen,
  onChange,
}: {
  counts: ExportedClass[]
  chosen: readonly string[] | null
  onChange: (classes: string[]) => void
}) {
  const ticked = chosen ?? counts.map(({ name }) => name)
  const toggle = (name: string) =>
    onChange(counts.map((each) => each.name).filter((each) => ticked.includes(each) !== (each === name)))
  const columns: Column<ExportedClass>[] = [
    {
      title: 'Class',
      cell: ({ name }) => (
        <label className={styles.tick}>
          <input type="checkbox" checked={ticked.includes(name)} onChange={() => toggle(name)} />
          {name}
        </label>
      ),
    },
    { title: 'Particles', numeric: true, cell: ({ count }) => formatCount(count) },
    {
      title: 'By people',
      numeric: true,
      cell: ({ by_expert, by_importer }) => formatCount(by_expert + by_importer),
    },
    { title: 'By the model', numeric: true, cell: ({ by_model }) => formatCount(by_model) },
    { title: 'Of the model’s, expected right', cell: (row) => <Expected row={row} /> },
  ]
  return <Table caption="Particles by class" columns={columns} rows={counts} rowKey={({ name }) => name} />
}

function Expected({ row }: { row: ExportedClass }) {
  const { precision, rechecked } = row
  return (
    <div className={styles.expected}>
      {precision ? (
        <>
          {formatPrecision(precision) !== null && <strong>{formatPrecision(precision)}</strong>}{' '}
          <span>
            {explainPrecision(row.name, precision)}{' '}
            {precision.note !== null && precision.n > 0 && 'Too few to rely on.'}
          </span>
        </>
      ) : (
        <span>–</span>
      )}
      {rechecked && (
        <span>
          {' '}
          Of {formatCount(rechecked.of)} that several people judged, {formatCount(rechecked.agree)} agree.
        </span>
      )}
    </div>
  )
}
