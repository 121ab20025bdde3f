/** What the page of the map can do by keys, in one table that the help sheet lists too. */
import type { Gesture, TableAction } from '../../keys/actionTable'
import type { MapStage } from '../../map/MapStage'

export const ZOOM_STEP = 1.6

export const MAP_GESTURES: readonly Gesture[] = [
  ['Point at a particle', 'Its slice, and what is known of it'],
  ['Click', 'Keep that particle in sight'],
  ['Drag', 'Move the map'],
  ['Wheel', 'Nearer and farther'],
  ['Shift + drag', 'Select what you draw a line around'],
]

export interface MapTarget {
  /** The canvas, once it is there. */
  readonly stage: () => MapStage | null
  /** The particle that the keys have come to. */
  readonly cursor: () => number | null
  readonly hasSelection: () => boolean
  readonly toggleSelected: (index: number) => void
  readonly clearSelection: () => void
  readonly switchTool: () => void
}

export function mapActions(target: MapTarget): readonly TableAction[] {
  const always = () => true
  const step = (key: string, to: string, x: number, y: number): TableAction => ({
    id: `step-${key}`,
    label: `The next particle ${to}`,
    group: 'Particles',
    keys: [`arrow${key}`],
    enabled: always,
    run: () => target.stage()?.step([x, y]),
  })
  const view = (id: string, label: string, keys: readonly string[], run: () => void): TableAction => ({
    id,
    label,
    group: 'Map',
    keys,
    enabled: always,
    run,
  })
  return [
    step('left', 'to the left', -1, 0),
    step('right', 'to the right', 1, 0),
    step('up', 'above', 0, 1),
    step('down', 'below', 0, -1),
    {
      id: 'select',
      label: 'Select this particle, or no longer',
      group: 'Particles',
      keys: ['a'],
      enabled: () => target.cursor() !== null,
      run: () => target.toggleSelected(target.cursor() ?? 0),
    },
    {
      id: 'clear',
      label: 'Clear the selection',
      group: 'Particles',
      keys: ['escape'],
      enabled: target.hasSelection,
      run: target.clearSelection,
    },
    view('nearer', 'Nearer', ['+', '='], () => target.stage()?.zoom(ZOOM_STEP)),
    view('farther', 'Farther', ['-'], () => target.stage()?.zoom(1 / ZOOM_STEP)),
    view('whole', 'The whole map', ['0'], () => target.stage()?.showWhole()),
    view('outline', 'Outline or move', ['o'], target.switchTool),
  ]
}
