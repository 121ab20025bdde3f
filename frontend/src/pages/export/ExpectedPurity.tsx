import type { ExportPreview } from '../../api/types'
import { formatCount, formatPlural } from '../../format/numbers'
import styles from './ExportPage.module.css'
import { formatPrecision } from './words'

/** What share of the model's particles is expected to be right, with every filter as chosen. */
export function ExpectedPurity({ chosen }: { chosen: ExportPreview['chosen'] }) {
  if (chosen.by_model === 0) return null
  const precision = formatPrecision(chosen.precision)
  return (
    <span className={styles.purity}>
      The model decided {formatCount(chosen.by_model)} of them;{' '}
      {precision === null || chosen.precision === null
        ? 'no labeled evaluation particle tells how many of those are right'
        : `${precision} of those are expected to be right, by ${formatPlural(chosen.precision.n, 'evaluation particle')}`}
      .
    </span>
  )
}
