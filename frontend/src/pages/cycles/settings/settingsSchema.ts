/** The form of a cycle's settings, made of the JSON schema the worker announces: one field for each setting. */
import type { SettingValues } from '../../../api/cycleModels'

export interface SettingField {
  /** Names from the outermost group inwards: `['training', 'steps']`. */
  path: readonly string[]
  title: string
  help: string
  kind: 'whole' | 'number' | 'choice' | 'check'
  options: readonly { text: string; value: unknown }[]
  /** `from 1 to 64`, `more than 0`; empty where anything goes. */
  bounds: string
  isOptional: boolean
  check: (value: number) => boolean
}

export interface SettingGroup {
  name: string
  title: string
  help: string
  fields: SettingField[]
}

interface Schema {
  $ref?: string
  type?: string
  title?: string
  description?: string
  const?: unknown
  default?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  properties?: Record<string, Schema>
  $defs?: Record<string, Schema>
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

/** Asked elsewhere in the dialog, or fixed. */
const ELSEWHERE = ['version', 'preset', 'acquisition', 'batch_size']
const WHOLE_GROUP = 'general'

/** The groups of the form, for settings of these values: a network's fields are those of its kind. */
export function settingGroups(schema: unknown, values: SettingValues): SettingGroup[] {
  const root = (schema ?? {}) as Schema
  const general: SettingGroup = { name: WHOLE_GROUP, title: 'In general', help: '', fields: [] }
  const groups = [general]
  for (const [name, given] of Object.entries(root.properties ?? {})) {
    if (ELSEWHERE.includes(name)) continue
    const setting = resolve(root, given)
    const variants = (setting.oneOf ?? setting.anyOf ?? []).map((each) => resolve(root, each))
    const hasFields = setting.properties !== undefined || variants.some((each) => each.properties)
    if (!hasFields) {
      const field = fieldOf(root, [name], given)
      if (field) general.fields.push(field)
      continue
    }
    const now = (values[name] ?? {}) as SettingValues
    const kinds = variants.map((each) => String(each.properties?.['kind']?.const ?? ''))
    const shown =
      variants.length > 0 ? (variants[Math.max(0, kinds.indexOf(String(now['kind'])))] ?? setting) : setting
    const fields = Object.entries(shown.properties ?? {}).map(([inner, entry]) =>
      fieldOf(root, [name, inner], entry),
    )
    const kind = kinds.length > 1 ? [choice([name, 'kind'], 'Which one.', kinds)] : []
    groups.push({
      name,
      title: titleOf(name),
      help: given.description ?? setting.description ?? '',
      fields: [...kind, ...fields.filter((field) => field !== null)],
    })
  }
  return groups.filter(({ fields }) => fields.length > 0)
}

/** The value at a path, undefined where there is none. */
export function valueAt(values: SettingValues, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as SettingValues | undefined)?.[name], values)
}

/** `above` laid over `below`, group by group, as the service does: a group of another kind replaces the one below. */
export function overlay(below: SettingValues, above: SettingValues): SettingValues {
  const result = { ...below }
  for (const [name, value] of Object.entries(above)) {
    const under = result[name]
    if (value === undefined) continue
    const mixes = isGroup(under) && isGroup(value) && (value['kind'] ?? under['kind']) === under['kind']
    result[name] = mixes ? overlay(under, value) : value
  }
  return result
}

function isGroup(value: unknown): value is SettingValues {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The same values with another one at the path. A network of another kind starts from its own defaults. */
export function withValue(values: SettingValues, path: readonly string[], value: unknown): SettingValues {
  const [name = '', ...rest] = path
  if (rest.length === 0) return { ...values, [name]: value }
  if (rest[0] === 'kind') return { ...values, [name]: { kind: value } }
  return { ...values, [name]: withValue((values[name] ?? {}) as SettingValues, rest, value) }
}

/** What is typed as the value it stands for; an error in words where it stands for none. */
export function readText(field: SettingField, text: string): { value: unknown } | { error: string } {
  const trimmed = text.trim()
  if (trimmed === '' && field.isOptional) return { value: null }
  const number = Number(trimmed)
  const isNumber =
    trimmed !== '' && Number.isFinite(number) && (field.kind !== 'whole' || Number.isInteger(number))
  if (isNumber && field.check(number)) return { value: number }
  const what = field.kind === 'whole' ? 'A whole number' : 'A number'
  return { error: `${what}${field.bounds && ` ${field.bounds}`}${field.isOptional ? ', or nothing' : ''}.` }
}

function resolve(root: Schema, schema: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '')
  return name === undefined ? schema : (root.$defs?.[name] ?? {})
}

function fieldOf(root: Schema, path: string[], given: Schema): SettingField | null {
  const parts = (given.anyOf ?? [given]).map((each) => resolve(root, each))
  const schema = parts.find(({ type }) => type !== 'null') ?? given
  const help = given.description ?? schema.description ?? ''
  const isOptional = parts.some(({ type }) => type === 'null')
  if (schema.enum) return choice(path, help, schema.enum)
  if (schema.type === 'boolean') return { ...choice(path, help, []), kind: 'check' }
  if (schema.type !== 'integer' && schema.type !== 'number') return null
  return {
    path,
    title: titleOf(path.at(-1)!),
    help,
    kind: schema.type === 'integer' ? 'whole' : 'number',
    options: [],
    bounds: boundsOf(schema),
    isOptional,
    check: (value) =>
      value >= (schema.minimum ?? -Infinity) &&
      value <= (schema.maximum ?? Infinity) &&
      value > (schema.exclusiveMinimum ?? -Infinity) &&
      value < (schema.exclusiveMaximum ?? Infinity),
  }
}

function choice(path: string[], help: string, values: readonly unknown[]): SettingField {
  const title = titleOf(path.at(-1)!)
  const options = values.map((value) => ({ text: String(value), value }))
  return { path, title, help, kind: 'choice', options, bounds: '', isOptional: false, check: () => true }
}

function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `from ${minimum} to ${maximum}`
  const parts = [
    minimum !== undefined && `at least ${minimum}`,
    exclusiveMinimum !== undefined && `more than ${exclusiveMinimum}`,
    maximum !== undefined && `at most ${maximum}`,
    exclusiveMaximum !== undefined && `less than ${exclusiveMaximum}`,
  ]
  return parts.filter(Boolean).join(', ')
}

/** `max_shift_voxels` → `Max shift (voxels)`: the last word names the unit where it is one. */
function titleOf(name: string): string {
  const words = name.split('_')
  const unit = words.length > 1 && UNITS.includes(words.at(-1)!) ? ` (${words.pop()})` : ''
  const text = words.join(' ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${unit}`
}

const UNITS = ['voxels', 'degrees', 'seconds', 'megabytes']
