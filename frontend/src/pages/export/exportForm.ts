/** What a person has chosen to export, and the requests it becomes. */
import type { ExportChoice, ExportRequest } from '../../api/types'

export type ClassesFrom = NonNullable<ExportChoice['classes_from']>
export type DecidedBy = 'expert' | 'importer' | 'model'
export type Layout = NonNullable<ExportRequest['layout']>
export type Volumes = NonNullable<ExportRequest['volumes']>
export type ExtraColumn = NonNullable<ExportRequest['columns']>[number]

export interface ExportForm {
  readonly classesFrom: ClassesFrom
  /** Predictions of this cycle; null: of the one whose model serves. */
  readonly cycle: number | null
  /** Names; null: all. */
  readonly classes: readonly string[] | null
  readonly decidedBy: readonly DecidedBy[]
  /** Least confidence, 0 to 1; 0 does not filter. */
  readonly confidence: number
  readonly agreement: number
  /** How unlike all classes the model's may be at most, 0 to 1; 1 does not filter. */
  readonly maxUnlike: number
  readonly annotators: string
  readonly tomograms: string
  readonly format: string
  readonly layout: Layout
  readonly columns: readonly ExtraColumn[]
  readonly setsClassNumber: boolean
  readonly volumes: Volumes
  readonly rewritesImages: boolean
  readonly classSums: boolean
  readonly wedge: boolean
  readonly wedgeFrom: string
  readonly wedgeTo: string
}

export const DECIDERS: readonly DecidedBy[] = ['expert', 'importer', 'model']

export const STARTING_FORM: ExportForm = {
  classesFrom: 'labels-else-predictions',
  cycle: null,
  classes: null,
  decidedBy: DECIDERS,
  confidence: 0,
  agreement: 0,
  maxUnlike: 1,
  annotators: '',
  tomograms: '',
  format: 'source',
  layout: 'one-file',
  columns: ['label', 'decided-by', 'confidence'],
  setsClassNumber: true,
  volumes: 'none',
  rewritesImages: false,
  classSums: false,
  wedge: true,
  wedgeFrom: '-60',
  wedgeTo: '60',
}

/** What another page has chosen already, in the address: `cycle`, `class` and `confidence`. */
export function formOfAddress(search: URLSearchParams): ExportForm {
  const confidence = Number(search.get('confidence'))
  const cycle = Number(search.get('cycle'))
  const classes = search.getAll('class')
  return {
    ...STARTING_FORM,
    ...(confidence > 0 && confidence < 1 && { confidence }),
    ...(Number.isInteger(cycle) && cycle > 0 && { cycle }),
    ...(classes.length > 0 && { classes }),
  }
}

/** Which particles: what a preview asks. */
export function choiceOf(form: ExportForm): ExportChoice {
  const annotators = names(form.annotators)
  const tomograms = names(form.tomograms)
  return {
    classes_from: form.classesFrom,
    ...(form.cycle !== null && { cycle: form.cycle }),
    filters: {
      ...(form.classes !== null && { classes: [...form.classes] }),
      ...(form.decidedBy.length < DECIDERS.length && { decided_by: [...form.decidedBy] }),
      ...(form.confidence > 0 && { min_confidence: form.confidence }),
      ...(form.agreement > 0 && { min_agreement: form.agreement }),
      ...(form.maxUnlike < 1 && { max_unlike: form.maxUnlike }),
      ...(annotators.length > 0 && { annotators }),
      ...(tomograms.length > 0 && { tomograms }),
    },
  }
}

/** The same without the classes: what there is to choose from. */
export function choiceOfAll(form: ExportForm): ExportChoice {
  return choiceOf({ ...form, classes: null })
}

export function exportRequest(form: ExportForm): ExportRequest {
  const takesImages = canRewriteImages(form)
  return {
    ...choiceOf(form),
    format: form.format as NonNullable<ExportRequest['format']>,
    layout: form.layout,
    columns: [...form.columns],
    class_number: form.setsClassNumber ? 'set' : 'keep',
    volumes: form.volumes,
    rewrite_images: takesImages && form.rewritesImages,
    class_sums: form.classSums,
    ...(form.classSums &&
      form.wedge && {
        wedge: { minimum_degrees: Number(form.wedgeFrom), maximum_degrees: Number(form.wedgeTo) },
      }),
  } as ExportRequest
}

/** Whether rlnImageName can name the exported volumes. */
export function canRewriteImages(form: ExportForm): boolean {
  return form.format === 'source' && (form.volumes === 'mrc-cubes' || form.volumes === 'mrc-stack')
}

/** Why the form cannot be sent yet; null when it can. */
export function formError(form: ExportForm): string | null {
  if (form.classes?.length === 0) return 'Choose at least one class.'
  if (form.decidedBy.length === 0) return 'Choose at least one way of deciding.'
  if (form.classSums && form.wedge && wedgeError(form) !== null) return wedgeError(form)
  return null
}

export function wedgeError({ wedgeFrom, wedgeTo }: ExportForm): string | null {
  const [from, to] = [wedgeFrom, wedgeTo].map((text) => (text.trim() === '' ? Number.NaN : Number(text)))
  const fits = from! >= -90 && from! < 0 && to! > 0 && to! <= 90
  return fits ? null : 'Give the tilt range in degrees, such as −60 and 60.'
}

/** Names, one a line or between commas. */
function names(text: string): string[] {
  const parts = text.split(/[\n,]/).map((name) => name.trim())
  return [...new Set(parts)].filter((name) => name !== '')
}
