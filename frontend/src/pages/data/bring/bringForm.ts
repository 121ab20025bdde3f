/** What a person has chosen about an import, and the request it becomes. */
import type { ImportBody, ImportPreview, LabelImport, LabelUse, TomogramsIn } from '../../../api/types'

/** Where the files are: by a path the server reads, or in an upload. */
export type FilesChoice =
  | { readonly where: 'server'; readonly path: string }
  | { readonly where: 'upload'; readonly uploadId: string; readonly list: string }

export type TomogramsWhere = 'folder' | 'list' | 'tomograms-star' | 'copick'

/** The options as they stand in their fields. */
export interface BringOptions {
  readonly format: string
  readonly voxelSize: string
  /** Whether boxes are cut out of tomograms. */
  readonly cuts: boolean
  readonly tomogramsWhere: TomogramsWhere
  readonly tomogramsPath: string
  readonly pattern: string
  readonly tomogramVoxelSize: string
  /** The one tomogram of a list that names none. */
  readonly tomogram: string
  readonly boxSize: string
  readonly targetVoxelSize: string
  readonly invert: boolean
  readonly normalise: boolean
  /** Give particles that are there already these voxels. */
  readonly replaces: boolean
}

export const NO_OPTIONS: BringOptions = {
  format: '',
  voxelSize: '',
  cuts: false,
  tomogramsWhere: 'folder',
  tomogramsPath: '',
  pattern: '{tomogram}.mrc',
  tomogramVoxelSize: '',
  tomogram: '',
  boxSize: '48',
  targetVoxelSize: '',
  invert: false,
  normalise: false,
  replaces: false,
}

/** What becomes of the classes a list brings. */
export interface LabelChoice {
  readonly use: LabelUse | 'ignore'
  readonly importer: string
  /** The class for each value; '' leaves the value out. */
  readonly classes: Readonly<Record<string, string>>
}

export type OptionErrors = Partial<Record<keyof BringOptions, string>>

const SMALLEST_BOX = 8
const LARGEST_BOX = 256

/** What is wrong with each field; no entry where nothing is. */
export function optionErrors(options: BringOptions, files: FilesChoice): OptionErrors {
  const errors: OptionErrors = {}
  if (!isVoxelSize(options.voxelSize))
    errors.voxelSize = 'Give a number of Å, such as 6.9, or leave it empty.'
  if (!options.cuts) return errors
  const box = Number(options.boxSize)
  if (!Number.isInteger(box) || box < SMALLEST_BOX || box > LARGEST_BOX) {
    errors.boxSize = `Give a whole number of voxels from ${SMALLEST_BOX} to ${LARGEST_BOX}.`
  }
  for (const field of ['targetVoxelSize', 'tomogramVoxelSize'] as const) {
    if (!isVoxelSize(options[field])) errors[field] = 'Give a number of Å, such as 13.5, or leave it empty.'
  }
  if (options.tomogramsPath.trim() === '') errors.tomogramsPath = 'Say where the tomograms are.'
  else if (files.where === 'server' && !options.tomogramsPath.trim().startsWith('/')) {
    errors.tomogramsPath = 'Give the whole path, beginning with “/”.'
  }
  return errors
}

function isVoxelSize(text: string): boolean {
  const value = Number(text.replace(',', '.'))
  return text.trim() === '' || (value > 0 && value <= 1000)
}

/** The request of a preview, or of an import where `labels` says what becomes of the list's classes. */
export function importBody(
  files: FilesChoice,
  options: BringOptions,
  labels: LabelImport | null,
): ImportBody {
  const voxelSize = number(options.voxelSize)
  const common = {
    ...(options.format !== '' && { format: options.format }),
    ...(voxelSize !== null && { voxel_size_angstrom: voxelSize }),
    ...(options.cuts && cutting(options)),
    ...(options.replaces && { replace_volumes: true }),
    ...(labels !== null && { labels }),
  }
  if (files.where === 'server') return { path: files.path, ...common } as ImportBody
  return { upload_id: files.uploadId, list: files.list, ...common } as ImportBody
}

function cutting(options: BringOptions): object {
  const path = options.tomogramsPath.trim()
  const places: Record<TomogramsWhere, Partial<TomogramsIn>> = {
    folder: { folder: path, pattern: options.pattern.trim() || NO_OPTIONS.pattern },
    list: { list: path },
    'tomograms-star': { tomograms_star: path },
    copick: { copick: path },
  }
  const tomogramVoxelSize = number(options.tomogramVoxelSize)
  const target = number(options.targetVoxelSize)
  const tomogram = options.tomogram.trim()
  return {
    tomograms: {
      ...places[options.tomogramsWhere],
      ...(tomogramVoxelSize !== null && { voxel_size_angstrom: tomogramVoxelSize }),
    },
    ...(tomogram !== '' && { tomogram }),
    cut: {
      box_size: Number(options.boxSize),
      ...(target !== null && { voxel_size_angstrom: target }),
      invert: options.invert,
      normalise: options.normalise ? 'zscore' : 'none',
    },
  }
}

function number(text: string): number | null {
  return text.trim() === '' ? null : Number(text.replace(',', '.'))
}

/** The label part of the request; null where the classes are left out. */
export function labelImport(
  choice: LabelChoice,
  preview: ImportPreview,
  classNames: readonly string[],
): LabelImport | null {
  if (choice.use === 'ignore' || preview.class_column === null) return null
  const classes = Object.fromEntries(
    Object.entries(choice.classes).map(([value, name]) => [value, name.trim() === '' ? null : name.trim()]),
  )
  return {
    as: choice.use,
    importer: choice.importer.trim(),
    column: preview.class_column,
    classes,
    create_classes: newClasses(choice, classNames).length > 0,
  }
}

/** Names in the mapping that are no class of the project yet. */
export function newClasses(choice: Pick<LabelChoice, 'classes'>, classNames: readonly string[]): string[] {
  const known = new Set([...classNames, 'junk', 'unsure'].map((name) => name.toLowerCase()))
  const named = Object.values(choice.classes).map((name) => name.trim())
  return [...new Set(named)].filter((name) => name !== '' && !known.has(name.toLowerCase()))
}

/** What stands in the mapping at first: values that are a class's name map to it, the rest is open. */
export function startingClasses(
  preview: ImportPreview,
  classNames: readonly string[],
): Record<string, string> {
  const known = new Map([...classNames, 'junk', 'unsure'].map((name) => [name.toLowerCase(), name]))
  return Object.fromEntries(
    preview.class_values.map(({ value }) => [value, known.get(value.toLowerCase()) ?? '']),
  )
}
