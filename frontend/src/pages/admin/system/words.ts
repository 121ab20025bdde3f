/** Jobs and queues in words. */
import type { SystemWork } from '../../../api/system'
import { formatPercent, share } from '../../../format/numbers'

export const QUEUES: Readonly<Record<string, string>> = {
  cpu: 'Imports and exports',
  gpu: 'Training',
}

const KINDS: Readonly<Record<string, string>> = {
  cycle: 'Cycle',
  import: 'Import',
  preview: 'Look at files',
  unpack: 'Unpacking',
  export: 'Export',
  demo: 'Demo project',
  labels: 'Labels worked out anew',
  'label-import': 'Import of labels',
  'label-import-undo': 'Labels taken back',
  purge: 'Deleting a project',
}

export function kindOf({ kind }: Pick<SystemWork, 'kind'>): string {
  return KINDS[kind] ?? kind
}

/** `Cycle, train, 40 %`. */
export function describeWork(work: SystemWork): string {
  const done = share(work.done, work.total)
  return [kindOf(work), work.stage, done === null ? null : formatPercent(done)].filter(Boolean).join(', ')
}
