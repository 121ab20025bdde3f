/** Exports in plain words: what fraction is expected to be right, and which particles were chosen. */
import type { ExportChoice, Precision } from '../../api/types'
import { formatCount, formatInterval, formatPercent } from '../../format/numbers'

/** `94 % (84–98 %)`; null where there is no figure. */
export function formatPrecision(precision: Precision | null): string | null {
  if (precision === null || precision.share === null) return null
  const share = formatPercent(precision.share)
  if (precision.low === null || precision.high === null) return share
  return `${share} (${formatInterval(precision.low, precision.high)})`
}

/** `Of the 62 evaluation particles that the model calls ribosome, 58 are.` */
export function explainPrecision(name: string, { n, share }: Precision): string {
  if (n === 0 || share === null) return `No labeled evaluation particle is called ${name} by the model.`
  const right = Math.round(share * n)
  const them = `the ${formatCount(n)} evaluation particles that the model calls ${name}`
  if (n === 1)
    return `The one evaluation particle that the model calls ${name} ${right === 1 ? 'is one' : 'is not'}.`
  if (right === n) return `All of ${them} are.`
  return `Of ${them}, ${formatCount(right)} ${right === 1 ? 'is' : 'are'}.`
}

const DECIDERS = { expert: 'experts', importer: 'imported labels', model: 'the model' }
const FROM = {
  'labels-else-predictions': 'labels, else predictions',
  labels: 'labels only',
  predictions: 'predictions only',
}

/** `ribosome, junk · decided by experts · confidence ≥ 0.9`. */
export function describeChoice({ classes_from: from, filters }: ExportChoice): string {
  const chosen = filters ?? {}
  const parts = [
    chosen.classes ? chosen.classes.join(', ') : 'every class',
    FROM[from ?? 'labels-else-predictions'],
    chosen.decided_by && `decided by ${chosen.decided_by.map((who) => DECIDERS[who]).join(' or ')}`,
    chosen.min_confidence && `confidence ≥ ${chosen.min_confidence}`,
    chosen.min_agreement && `agreement ≥ ${formatPercent(chosen.min_agreement)}`,
    chosen.max_unlike && `at most ${formatPercent(chosen.max_unlike)} unlike all classes`,
    chosen.annotators && `labeled by ${chosen.annotators.join(', ')}`,
    chosen.tomograms && `in ${describeSome(chosen.tomograms)}`,
  ]
  return parts.filter(Boolean).join(' · ')
}

function describeSome(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
}
