/** The form for labels of particles that are in the pool, and the request it becomes. */
import type { LabelImportRequest } from '../../../api/labelImports'
import type { Job, LabelUse } from '../../../api/types'
import { formatPlural } from '../../../format/numbers'

export interface LabelForm {
  readonly from: 'list' | 'server'
  readonly sourceId: string
  readonly path: string
  /** Empty: the column that such a list keeps its classes in. */
  readonly column: string
  readonly use: LabelUse
  readonly importer: string
  /** The class for each value that is none by its own name; empty leaves the value out. */
  readonly classes: Readonly<Record<string, string>>
}

export type LabelFormErrors = Partial<Record<'path' | 'importer', string>>

export function formErrors(form: LabelForm): LabelFormErrors {
  return {
    ...(form.from === 'server' &&
      !form.path.trim().startsWith('/') && { path: 'Give the whole path, beginning with “/”.' }),
    ...(form.importer.trim() === '' && { importer: 'Give them a name, such as the job’s.' }),
  }
}

/** `adds`: whether names in the mapping that are no class become one. */
export function labelRequest(form: LabelForm, adds: boolean): LabelImportRequest {
  const classes = Object.entries(form.classes).map(([value, name]) => [value, name.trim() || null])
  return {
    as: form.use,
    importer: form.importer.trim(),
    ...(form.column.trim() !== '' && { column: form.column.trim() }),
    ...(form.from === 'list' ? { source_id: form.sourceId } : { path: form.path.trim() }),
    classes: Object.fromEntries(classes),
    create_classes: adds,
  }
}

/** Values that nobody mapped, out of the problem of a job; empty where it failed for another reason. */
export function unknownValues(problem: object | null): { value: string; count: number }[] {
  const values = problem !== null && 'values' in problem ? problem.values : null
  if (!Array.isArray(values)) return []
  return values.filter(
    (each): each is { value: string; count: number } =>
      typeof each?.value === 'string' && typeof each.count === 'number',
  )
}

/** `124 labels in the name of Class3D; 3 rows left out.` */
export function describeOutcome({ result }: Pick<Job, 'result'>): string {
  const written = sum(result?.['written'])
  const left = sum(result?.['skipped'])
  const importer = typeof result?.['importer'] === 'string' ? result['importer'] : 'the importer'
  const rest = left > 0 ? `; ${formatPlural(left, 'row')} left out` : ''
  return `${formatPlural(written, result?.['as'] === 'predictions' ? 'prediction' : 'label')} in the name of ${importer}${rest}.`
}

function sum(counts: unknown): number {
  if (typeof counts !== 'object' || counts === null) return 0
  return Object.values(counts).reduce<number>(
    (total, count) => total + (typeof count === 'number' ? count : 0),
    0,
  )
}
