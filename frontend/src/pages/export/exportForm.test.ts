import { expect, it } from 'vitest'
import { choiceOf, exportRequest, formError, formOfAddress, STARTING_FORM } from './exportForm'
import { describeChoice, explainPrecision, formatPrecision } from './words'

it('asks for nothing special at first', () => {
  expect(choiceOf(STARTING_FORM)).toEqual({ classes_from: 'labels-else-predictions', filters: {} })
  expect(exportRequest(STARTING_FORM)).toMatchObject({
    format: 'source',
    layout: 'one-file',
    class_number: 'set',
    rewrite_images: false,
    class_sums: false,
  })
})

it('sends every filter that is set, and none that is not', () => {
  const form = {
    ...STARTING_FORM,
    classes: ['rod'],
    decidedBy: ['expert' as const],
    confidence: 0.9,
    agreement: 0.75,
    maxUnlike: 0.95,
    tomograms: 'TS_01\n TS_02, TS_01',
    annotators: 'ada',
  }
  expect(choiceOf(form).filters).toEqual({
    classes: ['rod'],
    decided_by: ['expert'],
    min_confidence: 0.9,
    min_agreement: 0.75,
    max_unlike: 0.95,
    tomograms: ['TS_01', 'TS_02'],
    annotators: ['ada'],
  })
})

it('rewrites images only in lists that have them, to volumes they can name', () => {
  const form = { ...STARTING_FORM, rewritesImages: true, volumes: 'mrc-stack' as const }
  expect(exportRequest(form).rewrite_images).toBe(true)
  expect(exportRequest({ ...form, format: 'csv' }).rewrite_images).toBe(false)
  expect(exportRequest({ ...form, volumes: 'ome-zarr' }).rewrite_images).toBe(false)
})

it('sends the tilt range with class averages only', () => {
  const form = { ...STARTING_FORM, classSums: true, wedgeFrom: '-51', wedgeTo: '48' }
  expect(exportRequest(form).wedge).toEqual({ minimum_degrees: -51, maximum_degrees: 48 })
  expect(exportRequest({ ...form, wedge: false }).wedge).toBeUndefined()
  expect(exportRequest({ ...form, classSums: false }).wedge).toBeUndefined()
})

it.each([
  [{ classes: [] }, 'class'],
  [{ decidedBy: [] }, 'deciding'],
  [{ classSums: true, wedgeFrom: '10' }, 'tilt range'],
  [{ classSums: true, wedgeTo: '' }, 'tilt range'],
])('says what %o lacks', (changes, word) => {
  expect(formError({ ...STARTING_FORM, ...changes })).toContain(word)
})

it('says what fraction is right in plain words', () => {
  const precision = { n: 62, share: 58 / 62, low: 0.84, high: 0.98, note: null }
  expect(formatPrecision(precision)).toBe('94 % (84–98 %)')
  expect(explainPrecision('ribosome', precision)).toBe(
    'Of the 62 evaluation particles that the model calls ribosome, 58 are.',
  )
  expect(explainPrecision('rod', { ...precision, n: 5, share: 1 })).toBe(
    'All of the 5 evaluation particles that the model calls rod are.',
  )
  const none = { n: 0, share: null, low: null, high: null, note: 'none' }
  expect(explainPrecision('rod', none)).toContain('No labeled evaluation particle')
  expect(formatPrecision(none)).toBeNull()
})

it('sums a choice up in a line', () => {
  const filters = { classes: ['rod', 'junk'], decided_by: ['model' as const], min_confidence: 0.9 }
  expect(describeChoice({ classes_from: 'predictions', filters })).toBe(
    'rod, junk · predictions only · decided by the model · confidence ≥ 0.9',
  )
  expect(describeChoice({ classes_from: 'labels', filters: { tomograms: ['a', 'b', 'c', 'd'] } })).toBe(
    'every class · labels only · in a, b, c and 1 more',
  )
})

it('begins with what another page has chosen, and with nothing that cannot be', () => {
  const form = (address: string) => choiceOf(formOfAddress(new URLSearchParams(address)))
  expect(form('cycle=3&confidence=0.9&class=rod')).toEqual({
    classes_from: 'labels-else-predictions',
    cycle: 3,
    filters: { classes: ['rod'], min_confidence: 0.9 },
  })
  expect(form('cycle=x&confidence=7')).toEqual(choiceOf(STARTING_FORM))
})
