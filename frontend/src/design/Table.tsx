import type { ReactNode } from 'react'
import styles from './Table.module.css'

export interface Column<Row> {
  title: string
  cell: (row: Row) => ReactNode
  /** Right-aligned, as numbers are. */
  numeric?: boolean
}

/** A table whose first column names the row. Wide ones scroll inside their own frame, reachable by keyboard. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
}: {
  caption: string
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => string | number
}) {
  return (
    // A scroll container must take the focus, or keyboards cannot scroll it.
    <div className={styles.scroll} role="region" aria-label={`${caption}, table`} tabIndex={0}>
      <table className={styles.table}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" data-numeric={column.numeric || undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, index) =>
                index === 0 ? (
                  <th key={column.title} scope="row" data-numeric={column.numeric || undefined}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.title} data-numeric={column.numeric || undefined}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
