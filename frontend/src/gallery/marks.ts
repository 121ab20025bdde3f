/** How labels and predictions are marked on the tiles: the colour of the class and its key. */
import type { ParticleClass } from '../api/types'
import { classKeys } from '../label/actions'
import type { Mark } from './paint'

const JUNK: Mark = { sign: 'J', colour: '#c8c8c8' }
const UNSURE: Mark = { sign: '?', colour: '#e8d28a' }

export type MarkOf = (said: { kind: string | null; class_id: string | null }) => Mark | null

export function marksOf(classes: readonly ParticleClass[]): MarkOf {
  const keys = classKeys(classes)
  const marks = new Map<string, Mark>(
    classes.map(({ id, name, color }) => [
      id,
      { sign: (keys.get(id) ?? name.slice(0, 1)).toUpperCase(), colour: color },
    ]),
  )
  return ({ kind, class_id }) => {
    if (kind === 'junk') return JUNK
    if (kind === 'unsure') return UNSURE
    return class_id === null ? null : (marks.get(class_id) ?? null)
  }
}

/** What is said, in a word. */
export function saidName(
  said: { kind: string | null; class_id: string | null },
  classes: readonly ParticleClass[],
): string {
  if (said.kind === 'class') return classes.find(({ id }) => id === said.class_id)?.name ?? 'a retired class'
  return said.kind ?? 'a retired class'
}
