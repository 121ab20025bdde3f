/** Everything the label page can do, in one table: it drives the keys, the buttons and the help sheet. */
import type { Gesture, TableAction } from '../keys/actionTable'
import type { ParticleClass } from './api'
import type { Choice } from './LabelSession'

/** What the actions act on. */
export interface ActionTarget {
  readonly canDecide: () => boolean
  readonly canUndo: () => boolean
  readonly decide: (choice: Choice) => void
  readonly undo: () => void
  readonly findClass: () => void
  readonly nextConfidence: () => void
  readonly writeComment: () => void
  readonly view: ViewActions
}

export interface ViewActions {
  readonly autoContrast: () => void
  readonly invert: () => void
  readonly toggleLowPass: () => void
  readonly toggleDenoised: () => void
  readonly toggleLayers: () => void
  readonly toggleCrosshair: () => void
  readonly stepSlice: (by: 1 | -1) => void
  readonly stepSlab: (by: 1 | -1) => void
  readonly nextSlabMode: () => void
  readonly nextColourMap: () => void
  readonly resetContrast: () => void
  readonly togglePlay: () => void
  readonly maximise: () => void
  readonly toggle3d: () => void
  readonly reset: () => void
}

export interface Action extends TableAction {
  readonly group: 'Decide' | 'Look'
  /** For class actions. */
  readonly particleClass?: ParticleClass
}

const always = (): boolean => true

/** Keys that mean something else on this page: a class cannot have them. */
const RESERVED = new Set('ujszfcailxmrtgpdv[]?/')

/**
 * The key of each class: its own where it is free, else its digit by position, else none. Digits belong to classes;
 * other characters only where nothing on this page uses them.
 */
export function classKeys(classes: readonly ParticleClass[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>()
  const taken = new Set(RESERVED)
  const ordered = [...classes].sort((a, b) => a.position - b.position)
  for (const { id, hotkey } of ordered) {
    const key = hotkey?.trim().toLowerCase() ?? ''
    if (key.length !== 1 || taken.has(key)) continue
    keys.set(id, key)
    taken.add(key)
  }
  for (const { id } of ordered) {
    if (keys.has(id)) continue
    const digit = '123456789'.split('').find((candidate) => !taken.has(candidate))
    if (digit === undefined) break
    keys.set(id, digit)
    taken.add(digit)
  }
  return keys
}

export function buildActions(classes: readonly ParticleClass[], target: ActionTarget): readonly Action[] {
  const keys = classKeys(classes)
  const decideClass = [...classes]
    .sort((a, b) => a.position - b.position)
    .map((particleClass): Action => {
      const key = keys.get(particleClass.id)
      return {
        id: `class-${particleClass.id}`,
        label: particleClass.name,
        group: 'Decide',
        keys: key === undefined ? [] : [key],
        enabled: target.canDecide,
        run: () => target.decide({ kind: 'class', particleClass }),
        particleClass,
      }
    })
  const decide = (kind: 'unsure' | 'junk' | 'skip', label: string, key: string): Action => ({
    id: kind,
    label,
    group: 'Decide',
    keys: [key],
    enabled: target.canDecide,
    run: () => target.decide({ kind }),
  })
  const look = (id: string, label: string, lookKeys: readonly string[], run: () => void): Action => ({
    id,
    label,
    group: 'Look',
    keys: lookKeys,
    enabled: always,
    run,
  })
  const { view } = target
  return [
    ...decideClass,
    {
      id: 'find-class',
      label: 'Find a class; guidelines and examples',
      group: 'Decide',
      keys: ['/'],
      enabled: always,
      run: target.findClass,
    },
    decide('unsure', 'Unsure', 'u'),
    decide('junk', 'Junk', 'j'),
    decide('skip', 'Skip', 's'),
    {
      id: 'undo',
      label: 'Undo',
      group: 'Decide',
      keys: ['z', 'ctrl+z'],
      enabled: target.canUndo,
      run: target.undo,
    },
    {
      id: 'confidence',
      label: 'How sure you are: 1, 2, 3, not said',
      group: 'Decide',
      keys: ['f'],
      enabled: target.canDecide,
      run: target.nextConfidence,
    },
    {
      id: 'comment',
      label: 'Write a comment',
      group: 'Decide',
      keys: ['c'],
      enabled: target.canDecide,
      run: target.writeComment,
    },
    look('slice-up', 'Next slice of the pane under the pointer', ['arrowup'], () => view.stepSlice(1)),
    look('slice-down', 'Previous slice', ['arrowdown'], () => view.stepSlice(-1)),
    look('play', 'Run through the slices, and stop', ['p'], view.togglePlay),
    look('auto-contrast', 'Fit the contrast', ['a'], view.autoContrast),
    look('invert', 'Invert the greys', ['i'], view.invert),
    look('colour-map', 'Next colour map', ['g'], view.nextColourMap),
    look('reset-contrast', 'Reset contrast and colours', [], view.resetContrast),
    look('low-pass', 'Low-pass off and on', ['l'], view.toggleLowPass),
    look('denoised', 'Denoised layer off and on', ['d'], view.toggleDenoised),
    look('layers', 'Raw, low-passed and denoised beside each other', ['v'], view.toggleLayers),
    look('slab-more', 'More slices in one picture', [']'], () => view.stepSlab(1)),
    look('slab-less', 'Fewer slices in one picture', ['['], () => view.stepSlab(-1)),
    look('slab-mode', 'Their mean, maximum, minimum or sum', ['t'], view.nextSlabMode),
    look('crosshair', 'Crosshair off and on', ['x'], view.toggleCrosshair),
    look('maximise', 'One pane large, and back', ['m'], view.maximise),
    look('toggle-3d', '3D view large, and back', ['ctrl+y'], view.toggle3d),
    look('reset', 'Reset the view', ['r'], view.reset),
  ]
}

/** Gestures that are no keys, for the help sheet. */
export const GESTURES: readonly Gesture[] = [
  ['Drag in a slice', 'Move the crosshair; the other slices follow'],
  ['Wheel', 'Through the slices'],
  ['Ctrl + wheel', 'Zoom'],
  ['Space + drag', 'Move the picture'],
  ['Drag in 3D', 'Turn'],
  ['Double click', 'One pane large, and back'],
]
