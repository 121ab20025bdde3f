/** What an import brought, out of its job's result. */
import { formatCount, formatPlural } from '../../format/numbers'

export interface ImportedCounts {
  readonly added: number
  readonly alreadyThere: number
  readonly evaluation: number
}

export function importedCounts(result: Record<string, unknown> | null): ImportedCounts {
  const count = (name: string): number => {
    const value = result?.[name]
    return typeof value === 'number' ? value : 0
  }
  return {
    added: count('row_count'),
    alreadyThere: count('already_there'),
    evaluation: count('evaluation_count'),
  }
}

/** `600 particles added; 40 were in the pool already.` */
export function describeImport({ added, alreadyThere }: ImportedCounts): string {
  if (added === 0)
    return `Nothing new: all ${formatPlural(alreadyThere, 'particle')} were in the pool already.`
  const there = alreadyThere > 0 ? `; ${formatCount(alreadyThere)} were in the pool already` : ''
  return `${formatPlural(added, 'particle')} added${there}.`
}
