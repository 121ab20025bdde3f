import type { SettingValues } from '../../api/cycleModels'
import type { Catalogue, Cycle, Progress } from '../../api/types'
import { formatCount, formatPlural } from '../../format/numbers'
import { acquisitionOf } from './acquisitionTitle'

/** The service refuses a cycle with fewer; it checks for itself, this is to say so before. Junk counts as a class. */
export const LEAST_TRAINING_LABELS = 10
export const LEAST_CLASSES = 2

/** What is chosen for a cycle. */
export interface LaunchChoices {
  preset: string
  acquisition: string
  /** As typed. */
  batchSize: string
  /** Single settings over those of the preset. */
  own: SettingValues
  /** Settings whose field holds something that cannot be read. */
  unread: readonly string[]
}

/** What the service is asked for. */
export function askedSettings({ preset, acquisition, batchSize, own }: LaunchChoices): SettingValues {
  return {
    ...(preset && { preset }),
    ...(acquisition && { acquisition }),
    ...(/^[1-9]\d*$/.test(batchSize.trim()) && { batch_size: Number(batchSize) }),
    ...own,
  }
}

export interface Readiness {
  labels: number
  classes: number
  /** What is missing, in one sentence; null when a cycle can be launched. */
  missing: string | null
}

/** Whether there are labels enough to learn from. */
export function readiness(progress: Progress): Readiness {
  const labels = progress.labeled.training_total
  const { by_class, junk } = progress.labeled
  const classes = by_class.filter((entry) => entry.count > 0).length + (junk > 0 ? 1 : 0)
  const needs: string[] = []
  if (labels < LEAST_TRAINING_LABELS) needs.push(formatPlural(LEAST_TRAINING_LABELS - labels, 'more label'))
  if (classes < LEAST_CLASSES) {
    needs.push(classes === 0 ? 'particles of at least two classes' : 'a particle of a second class')
  }
  return { labels, classes, missing: needs.length === 0 ? null : `A network needs ${needs.join(' and ')}.` }
}

/** Whether a function picks only with a network, which only labels make. The others can choose what to label first. */
export function needsLabels(catalogue: Catalogue, acquisition: string): boolean {
  const entry = catalogue.acquisition.find(({ id }) => id === acquisition)
  return entry === undefined || entry.needs.includes('class_labels')
}

/** Enough for most: by itself, what did best where labels were counted, doubt alone, and the yardstick. */
const COMMON_WAYS = ['auto', 'badge', 'entropy', 'random']
/** A list as short as this is shown whole. */
const SHORT_LIST = 5

/** The ways to pick that are shown at first; the chosen one is always among them. */
export function commonWays(ways: Catalogue['acquisition'], chosen: string): Catalogue['acquisition'] {
  if (ways.length <= SHORT_LIST) return ways
  return ways.filter(({ id }) => id === chosen || COMMON_WAYS.includes(id))
}

/** Particles no cycle could pick again: labeled ones, and the evaluation sample. */
export function pickable(progress: Progress): number {
  const { labeled, evaluation, pool_size } = progress
  return Math.max(0, pool_size - evaluation.size - labeled.training_total - labeled.unsure)
}

/** Why a batch size cannot be used, or null. */
export function batchSizeError(text: string, mostPickable: number): string | null {
  const value = Number(text)
  if (!/^\d+$/.test(text.trim()) || value < 1) return 'Give a whole number of 1 or more.'
  if (mostPickable === 0) return 'Every particle of the pool is labeled already.'
  if (value > mostPickable) {
    return `Only ${formatCount(mostPickable)} unlabeled ${mostPickable === 1 ? 'particle is' : 'particles are'} left to pick from.`
  }
  return null
}

function schemaDefault(catalogue: Catalogue, name: string): unknown {
  const properties = catalogue.settings_schema?.['properties'] as
    Record<string, { default?: unknown }> | undefined
  return properties?.[name]?.default
}

/** The choices a launch starts from: those of the last cycle, else the catalogue's own. */
export function startingChoices(catalogue: Catalogue, last: Cycle | undefined) {
  const known = (list: { id: string }[], id: unknown): string | null =>
    typeof id === 'string' && list.some((entry) => entry.id === id) ? id : null
  const { acquisition, presets } = catalogue
  return {
    preset:
      known(presets, last?.settings['preset']) ??
      known(presets, catalogue.default_preset) ??
      presets[0]?.id ??
      '',
    acquisition:
      known(acquisition, last && acquisitionOf(last)) ??
      known(acquisition, schemaDefault(catalogue, 'acquisition')) ??
      acquisition[0]?.id ??
      '',
  }
}
