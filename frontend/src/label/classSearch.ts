/** Finding classes by typing parts of their names. */
import type { ParticleClass } from './api'

/**
 * The classes in which every word of `text` is found, in the name or the guidelines; those whose name begins with the
 * text come first, then those that have it in their name. Without a text all of them, in their order.
 */
export function findClasses(classes: readonly ParticleClass[], text: string): readonly ParticleClass[] {
  const wanted = text.trim().toLowerCase()
  const words = wanted.split(/\s+/)
  const rank = ({ name, description }: ParticleClass): number => {
    const lower = name.toLowerCase()
    if (lower.startsWith(wanted)) return 0
    if (words.every((word) => lower.includes(word))) return 1
    return words.every((word) => `${lower} ${description.toLowerCase()}`.includes(word)) ? 2 : 3
  }
  return classes
    .map((each) => ({ each, rank: rank(each) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map(({ each }) => each)
}
