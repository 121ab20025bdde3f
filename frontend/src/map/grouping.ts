/** Which particles of the map look alike: groups by a column, each with a colour and a shape of its own. */
import { NOTHING, UNKNOWN_CONFIDENCE, type MapValue, type ParticleMap } from './readMap'

export type ColourBy = 'prediction' | 'label' | 'confidence' | 'cycle' | 'tomogram'

export const COLOURINGS: readonly { readonly value: ColourBy; readonly title: string }[] = [
  { value: 'prediction', title: 'What the model says' },
  { value: 'label', title: 'Label' },
  { value: 'confidence', title: 'How sure the model is' },
  { value: 'cycle', title: 'Cycle that picked it' },
  { value: 'tomogram', title: 'Tomogram' },
]

const SHAPES = ['disc', 'square', 'triangle', 'diamond', 'cross', 'ring'] as const
/** `dot` is for what there is nothing to say of. */
export type Shape = (typeof SHAPES)[number] | 'dot'

export interface Group {
  readonly name: string
  readonly color: string
  readonly shape: Shape
  readonly count: number
}

export interface Grouping {
  readonly groups: readonly Group[]
  /** The group's number of each particle. */
  readonly groupOf: Uint8Array
}

/** More are not told apart by eye; the rest is one group. */
export const MOST_GROUPS = 18
const NEUTRAL = '#9aa5b0'
const NOTHING_TO_SAY = '#6b757f'
const PALETTE = [
  '#3d9be0',
  '#e69f00',
  '#1fb98c',
  '#cc79a7',
  '#e2702c',
  '#8ad0f5',
  '#c9a85c',
  '#9a8cff',
  '#f0e442',
]
/** From unsure to sure, each lighter than the one before: told apart without their hue. */
const CONFIDENCES: readonly { below: number; name: string; color: string }[] = [
  { below: 50, name: 'below 50 %', color: '#7a3fb0' },
  { below: 75, name: '50 to 74 %', color: '#c2497f' },
  { below: 90, name: '75 to 89 %', color: '#f07b51' },
  { below: 98, name: '90 to 97 %', color: '#fbb94c' },
  { below: UNKNOWN_CONFIDENCE, name: '98 % and more', color: '#f7f2a0' },
]

interface Kind {
  readonly name: string
  readonly color?: string | null
  readonly isNeutral?: boolean
}

export function groupBy(map: ParticleMap, by: ColourBy): Grouping {
  const { legend } = map
  switch (by) {
    case 'label':
      return grouped(map.label, ofValues(legend.values), 'no label')
    case 'prediction':
      return grouped(map.prediction, ofValues(legend.values), 'no prediction')
    case 'tomogram':
      return grouped(
        map.tomogram,
        legend.tomograms.map((name) => ({ name })),
        'unknown',
        true,
      )
    case 'cycle': {
      const last = map.cycle.reduce((most, each) => Math.max(most, each), 0)
      const kinds = Array.from({ length: last }, (_, index) => ({ name: `cycle ${index + 1}` }))
      return grouped(
        map.cycle.map((number) => number - 1),
        kinds,
        'not picked',
      )
    }
    case 'confidence': {
      const steps = Int16Array.from(map.confidence, (percent) =>
        percent === UNKNOWN_CONFIDENCE ? NOTHING : CONFIDENCES.findIndex(({ below }) => percent < below),
      )
      return grouped(steps, CONFIDENCES, 'not known')
    }
  }
}

function ofValues(values: readonly MapValue[]): Kind[] {
  return values.map(({ kind, name, color }) => ({ name, color, isNeutral: kind !== 'class' }))
}

/** Groups of the kinds that occur, in their order, the ones without a kind last; `bySize`: the largest first. */
function grouped(
  numbers: Int16Array | Int32Array,
  kinds: readonly Kind[],
  without: string,
  bySize = false,
): Grouping {
  const counts = new Uint32Array(kinds.length + 1)
  for (const number of numbers) counts[number < 0 ? kinds.length : number]! += 1
  const present = [...kinds.keys()].filter((kind) => counts[kind]! > 0)
  const largest = present.toSorted((one, other) => counts[other]! - counts[one]!)
  const told = new Set(largest.slice(0, MOST_GROUPS))
  const order = (bySize ? largest : present).filter((kind) => told.has(kind))
  const groups: Group[] = order.map((kind, place) => ({
    name: kinds[kind]!.name,
    color: kinds[kind]!.color ?? (kinds[kind]!.isNeutral ? NEUTRAL : PALETTE[place % PALETTE.length]!),
    shape: SHAPES[place % SHAPES.length]!,
    count: counts[kind]!,
  }))
  const groupOfKind = new Uint8Array(kinds.length + 1)
  order.forEach((kind, place) => (groupOfKind[kind] = place))
  const rest = present.length - order.length
  if (rest > 0) {
    const others = present.filter((kind) => !told.has(kind))
    for (const kind of others) groupOfKind[kind] = groups.length
    const count = others.reduce((sum, kind) => sum + counts[kind]!, 0)
    groups.push({ name: `${rest} others`, color: NEUTRAL, shape: 'ring', count })
  }
  if (counts[kinds.length]! > 0) {
    groupOfKind[kinds.length] = groups.length
    groups.push({ name: without, color: NOTHING_TO_SAY, shape: 'dot', count: counts[kinds.length]! })
  }
  const groupOf = new Uint8Array(numbers.length)
  numbers.forEach((number, at) => (groupOf[at] = groupOfKind[number < 0 ? kinds.length : number]!))
  return { groups, groupOf }
}
