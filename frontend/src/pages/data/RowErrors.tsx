import type { RowError } from '../../api/types'
import { type Column, Table } from '../../design/Table'

const COLUMNS: Column<RowError>[] = [
  { title: 'Row', cell: (error) => error.row ?? '–' },
  { title: 'Column', cell: (error) => error.column ?? '–' },
  { title: 'What is wrong', cell: (error) => error.reason },
]

/** The rows an import stumbled over, numbered from 1 as in the list. */
export function RowErrors({ errors }: { errors: RowError[] }) {
  return (
    <Table
      caption="Rows that could not be imported"
      columns={COLUMNS}
      rows={errors}
      rowKey={(error) => `${error.row}-${error.column}-${error.reason}`}
    />
  )
}

/** The row errors in a job's problem, whatever else lies in it. */
export function rowErrorsIn(problem: object | null): RowError[] {
  const errors = problem !== null && 'errors' in problem ? problem.errors : null
  if (!Array.isArray(errors)) return []
  return errors.filter(
    (error): error is RowError =>
      typeof error === 'object' && error !== null && typeof error.reason === 'string',
  )
}
