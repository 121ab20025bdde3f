import type { WorkCount } from '../../api/types'

/** Kinds of work as people read them. */
export const WORK_NAMES: Readonly<Record<WorkCount['work'], string>> = {
  query: 'Picks of the batch',
  evaluation: 'Evaluation sample',
  recheck: 'Second opinions',
  'label-error': 'Likely label errors',
  adjudication: 'Adjudications',
}
