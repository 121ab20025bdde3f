/** What people can say of a particle, by name and colour. */
import type { ParticleClass, ReviewItem } from '../../api/types'

interface Said {
  readonly kind: string
  readonly class_id: string | null
}

type Classes = readonly Pick<ParticleClass, 'id' | 'name' | 'color'>[]

const NAMES: Readonly<Record<string, string>> = {
  unsure: 'Unsure',
  junk: 'Junk',
  skip: 'Skipped',
  comment: 'Comment',
}

export function valueName(said: Said, classes: Classes): string {
  if (said.kind !== 'class') return NAMES[said.kind] ?? said.kind
  return classes.find(({ id }) => id === said.class_id)?.name ?? 'a former class'
}

export function valueColor(said: Said, classes: Classes): string {
  return classes.find(({ id }) => id === said.class_id)?.color ?? 'var(--border-strong)'
}

export interface DisputePair {
  /** `barrel / rod`, in the order of the alphabet. */
  readonly name: string
  readonly count: number
}

/** Each two things that were said of one item. */
function pairsOf(item: ReviewItem, classes: Classes): string[] {
  const said = item.opinions.filter(({ kind }) => kind !== 'comment' && kind !== 'skip')
  const names = [...new Set(said.map((opinion) => valueName(opinion, classes)))].sort()
  return names.flatMap((first, index) => names.slice(index + 1).map((second) => `${first} / ${second}`))
}

/** Between what opinions differ, and how often; the most frequent first. */
export function disputePairs(items: readonly ReviewItem[], classes: Classes): DisputePair[] {
  const counts = new Map<string, number>()
  for (const name of items.flatMap((item) => pairsOf(item, classes)))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name))
}

export function isBetween(item: ReviewItem, pair: string, classes: Classes): boolean {
  return pairsOf(item, classes).includes(pair)
}
