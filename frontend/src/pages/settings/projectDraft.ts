/** The settings of a project as they are typed, and the changes they come to. */
import type { LabelRule, ProjectPatch } from '../../api/projectSettings'
import type { Project } from '../../api/types'

/** Limits of the numbers, as the service has them. Shares are typed in per cent. */
const NUMBERS = {
  batch_size: { least: 1, most: 2000, factor: 1, whole: true },
  evaluation_fraction: { least: 0, most: 50, factor: 100, whole: false },
  evaluation_minimum: { least: 0, most: 100_000, factor: 1, whole: true },
  evaluation_maximum: { least: 0, most: 100_000, factor: 1, whole: true },
  interleave: { least: 1, most: 100, factor: 1, whole: true },
  overlap_share: { least: 0, most: 100, factor: 100, whole: false },
  overlap_opinions: { least: 2, most: 5, factor: 1, whole: true },
} as const

export type NumberName = keyof typeof NUMBERS
export type Suggestions = NonNullable<Project['settings']['suggestions']>

export interface Draft extends Record<NumberName, string> {
  name: string
  description: string
  protein_contrast: Project['protein_contrast']
  when_empty: 'ask' | 'random'
  label_rule: LabelRule
  suggestions: Suggestions
}

const DEFAULTS: Record<NumberName, number> = {
  batch_size: 40,
  evaluation_fraction: 0.02,
  evaluation_minimum: 100,
  evaluation_maximum: 1000,
  interleave: 2,
  overlap_share: 0,
  overlap_opinions: 2,
}

const names = Object.keys(NUMBERS) as NumberName[]

/** Text of a stored number, without the dust of binary fractions. */
const textOf = (value: number, name: NumberName) =>
  String(Number((value * NUMBERS[name].factor).toPrecision(6)))

export function draftOf(project: Project): Draft {
  const { settings } = project
  const numbers = Object.fromEntries(
    names.map((name) => [name, textOf(settings[name] ?? DEFAULTS[name], name)]),
  ) as Record<NumberName, string>
  return {
    ...numbers,
    name: project.name,
    description: project.description,
    protein_contrast: project.protein_contrast,
    when_empty: settings.when_empty ?? 'ask',
    label_rule: settings.label_rule ?? 'single',
    suggestions: settings.suggestions ?? 'after-deciding',
  }
}

export type DraftErrors = Partial<Record<keyof Draft, string>>

/** What cannot be saved, by field. */
export function draftErrors(draft: Draft): DraftErrors {
  const errors: DraftErrors = {}
  if (draft.name.trim() === '') errors.name = 'Give the project a name.'
  for (const name of names) {
    const { least, most, whole } = NUMBERS[name]
    const text = draft[name].trim()
    const value = Number(text)
    if (text === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value)))
      errors[name] = `${whole ? 'A whole number' : 'A number'} from ${least} to ${most}.`
  }
  if (!errors.evaluation_maximum && Number(draft.evaluation_minimum) > Number(draft.evaluation_maximum))
    errors.evaluation_maximum = 'At least as many as the smallest sample.'
  return errors
}

/** What has to be sent to turn `project` into `draft`; null where nothing differs. */
export function changesOf(project: Project, draft: Draft): ProjectPatch | null {
  const before = draftOf(project)
  const patch: ProjectPatch = {}
  if (draft.name.trim() !== before.name) patch.name = draft.name.trim()
  if (draft.description !== before.description) patch.description = draft.description
  if (draft.protein_contrast !== before.protein_contrast) patch.protein_contrast = draft.protein_contrast
  const settings: NonNullable<ProjectPatch['settings']> = {}
  for (const name of names)
    if (draft[name].trim() !== before[name]) settings[name] = Number(draft[name]) / NUMBERS[name].factor
  if (draft.when_empty !== before.when_empty) settings.when_empty = draft.when_empty
  if (draft.label_rule !== before.label_rule) settings.label_rule = draft.label_rule
  if (draft.suggestions !== before.suggestions) settings.suggestions = draft.suggestions
  if (Object.keys(settings).length > 0) patch.settings = settings
  return Object.keys(patch).length > 0 ? patch : null
}
