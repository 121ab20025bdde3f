/** What the gallery shows in which order: in the address by names, to the service by ids. */
import type { ParticleClass } from '../api/types'

export const SORTS = ['place', 'score', 'confidence', 'unlike', 'decided'] as const
export type Sort = (typeof SORTS)[number]
/** Orders by a number that one can go to. */
export const VALUE_SORTS: readonly Sort[] = ['score', 'confidence', 'unlike']

/** Where the pages that send particles here leave their ids, in this tab. */
export const SENT_IDS = 'tomosift.gallery.ids'
const MOST_IDS_IN_ADDRESS = 500

export interface GalleryFilter {
  readonly sort: Sort
  readonly descending: boolean
  /** Empty for any; `unlabeled`, `unsure`, `junk` or a class's id. */
  readonly label: string
  /** Empty for any; `junk` or a class's id. */
  readonly predicted: string
  /** 0 to 1. */
  readonly confidenceMin: number | null
  readonly confidenceMax: number | null
  readonly tomogram: string
  /** A person's id. */
  readonly annotator: string
  readonly disagrees: boolean
  /** The cycle whose picks they are. */
  readonly batch: number | null
  /** Only these, in this order; null for all. */
  readonly ids: readonly number[] | null
}

export const EVERYTHING: GalleryFilter = {
  sort: 'place',
  descending: false,
  label: '',
  predicted: '',
  confidenceMin: null,
  confidenceMax: null,
  tomogram: '',
  annotator: '',
  disagrees: false,
  batch: null,
  ids: null,
}

const LABEL_WORDS = ['unlabeled', 'unsure', 'junk']

/** A class by its id or its name, or one of `words`; empty for what is none of them. */
function valueIn(text: string | null, classes: readonly ParticleClass[], words: readonly string[]): string {
  if (text === null) return ''
  const found = classes.find(({ id, name }) => id === text || name === text)
  if (found !== undefined) return found.id
  return words.includes(text) ? text : ''
}

function shareIn(text: string | null): number | null {
  const value = text === null || text === '' ? Number.NaN : Number(text)
  return value >= 0 && value <= 1 ? value : null
}

function idsIn(text: string | null): readonly number[] | null {
  if (text === null) return null
  let listed: unknown = text.split(',').map(Number)
  if (text === 'session') {
    try {
      listed = JSON.parse(sessionStorage.getItem(SENT_IDS) ?? '[]')
    } catch {
      listed = []
    }
  }
  const ids = Array.isArray(listed) ? listed.filter((id) => Number.isSafeInteger(id) && id > 0) : []
  const distinct = [...new Set(ids as number[])]
  return text === 'session' ? distinct : distinct.slice(0, MOST_IDS_IN_ADDRESS)
}

/** The filter in an address; what it does not know it leaves out. */
export function filterFrom(search: URLSearchParams, classes: readonly ParticleClass[]): GalleryFilter {
  const batch = Number(search.get('batch') ?? Number.NaN)
  return {
    sort: SORTS.find((sort) => sort === search.get('sort')) ?? 'place',
    descending: search.get('descending') === 'true',
    label: valueIn(search.get('label'), classes, LABEL_WORDS),
    predicted: valueIn(search.get('predicted'), classes, ['junk']),
    confidenceMin: shareIn(search.get('confidence_min')),
    confidenceMax: shareIn(search.get('confidence_max')),
    tomogram: search.get('tomogram') ?? '',
    annotator: search.get('annotator') ?? '',
    disagrees: search.get('disagrees') === 'true',
    batch: Number.isInteger(batch) && batch >= 0 ? batch : null,
    ids: idsIn(search.get('ids')),
  }
}

/** The address of a filter. `sent` keeps particles that were sent here as they were sent. */
export function searchOf(filter: GalleryFilter, classes: readonly ParticleClass[], sent: string | null) {
  const named = (value: string): string => classes.find(({ id }) => id === value)?.name ?? value
  const search = new URLSearchParams()
  const put = (name: string, value: string | number | boolean | null): void => {
    if (value !== null && value !== '' && value !== false) search.set(name, String(value))
  }
  put('sort', filter.sort === 'place' ? null : filter.sort)
  put('descending', filter.descending)
  put('label', named(filter.label))
  put('predicted', named(filter.predicted))
  put('confidence_min', filter.confidenceMin)
  put('confidence_max', filter.confidenceMax)
  put('tomogram', filter.tomogram)
  put('annotator', filter.annotator)
  put('disagrees', filter.disagrees)
  put('batch', filter.batch)
  put('ids', filter.ids === null ? null : sent)
  return search
}

/** The filter as the service takes it, without `ids`. */
export function queryOf(filter: GalleryFilter) {
  const said = (value: string): string => (/^[0-9a-f-]{36}$/.test(value) ? `class:${value}` : value)
  return {
    sort: filter.sort,
    ...(filter.descending && { descending: true }),
    ...(filter.label !== '' && { label: said(filter.label) }),
    ...(filter.predicted !== '' && { predicted: said(filter.predicted) }),
    ...(filter.confidenceMin !== null && { confidence_min: filter.confidenceMin }),
    ...(filter.confidenceMax !== null && { confidence_max: filter.confidenceMax }),
    ...(filter.tomogram !== '' && { tomogram: filter.tomogram }),
    ...(filter.annotator !== '' && { annotator: filter.annotator }),
    ...(filter.disagrees && { disagrees: true }),
    ...(filter.batch !== null && { batch: filter.batch }),
  }
}

/** How many parts of the filter leave something out. */
export function filterCount(filter: GalleryFilter): number {
  const { label, predicted, confidenceMin, confidenceMax, tomogram, annotator, disagrees, batch, ids } =
    filter
  return [
    label !== '',
    predicted !== '',
    confidenceMin !== null || confidenceMax !== null,
    tomogram !== '',
    annotator !== '',
    disagrees,
    batch !== null,
    ids !== null,
  ].filter(Boolean).length
}
