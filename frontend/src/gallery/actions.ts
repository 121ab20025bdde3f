/** Everything the gallery does by keys, in one table. */
import type { ParticleClass } from '../api/types'
import type { Gesture, TableAction } from '../keys/actionTable'
import { classKeys } from '../label/actions'
import type { GalleryChoice } from './GalleryDecisions'

export interface GalleryAction extends TableAction {
  /** What it decides. */
  readonly choice?: GalleryChoice
}

export interface GalleryTarget {
  readonly canDecide: () => boolean
  readonly canUndo: () => boolean
  readonly decide: (choice: GalleryChoice) => void
  readonly undo: () => void
  readonly selectAll: () => void
  readonly clear: () => void
  readonly resize: (by: 1 | -1) => void
  readonly invert: () => void
}

export const GESTURES: readonly Gesture[] = [
  ['Click', 'Select one'],
  ['Shift + click', 'Select a range'],
  ['Ctrl + click', 'Select one more, or one less'],
  ['Drag', 'Select what a rectangle or an outline holds'],
  ['Double click, Enter', 'Look at it in the viewer'],
  ['Arrows, Home, End, Page keys', 'Go from one to the next'],
  ['Space', 'Select where the keys are'],
  ['Shift + arrows', 'Select a range'],
]

export function galleryActions(
  classes: readonly ParticleClass[],
  target: GalleryTarget,
): readonly GalleryAction[] {
  const keys = classKeys(classes)
  const decide = (
    id: string,
    label: string,
    key: string | undefined,
    choice: GalleryChoice,
  ): GalleryAction => ({
    id,
    label,
    group: 'Decide',
    keys: key === undefined ? [] : [key],
    enabled: target.canDecide,
    run: () => target.decide(choice),
    choice,
  })
  const always = (): boolean => true
  const look = (id: string, label: string, keysOf: readonly string[], run: () => void): GalleryAction => ({
    id,
    label,
    group: 'Gallery',
    keys: keysOf,
    enabled: always,
    run,
  })
  const ordered = [...classes].sort((one, other) => one.position - other.position)
  return [
    ...ordered.map((particleClass) =>
      decide(`class-${particleClass.id}`, particleClass.name, keys.get(particleClass.id), {
        kind: 'class',
        particleClass,
      }),
    ),
    decide('unsure', 'Unsure', 'u', { kind: 'unsure' }),
    decide('junk', 'Junk', 'j', { kind: 'junk' }),
    { ...look('undo', 'Undo', ['z', 'ctrl+z'], target.undo), group: 'Decide', enabled: target.canUndo },
    look('select-all', 'Select all', ['ctrl+a'], target.selectAll),
    look('clear', 'Select nothing', ['escape'], target.clear),
    look('larger', 'Larger tiles', ['+'], () => target.resize(1)),
    look('smaller', 'Smaller tiles', ['-'], () => target.resize(-1)),
    look('invert', 'Invert the greys', ['i'], target.invert),
  ]
}
