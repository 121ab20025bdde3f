/** What the model learned from a batch: accuracy before and after, what became of each class, and what comes next. */
import type { ReactElement } from 'react'
import type { Catalogue } from '../api/types'
import { Figure } from '../design/Figure'
import { formatCount, formatInterval, formatPercent, formatPlural } from '../format/numbers'
import { acquisitionOf, acquisitionTitle } from '../pages/cycles/acquisitionTitle'
import type { QueueState } from './api'
import { reportOf, type BatchLearned, type ClassGain } from './batchLearned'
import styles from './BatchReport.module.css'

const CLASSES_SHOWN = 8

interface BatchReportProps {
  readonly learned: BatchLearned
  readonly counts: QueueState | null
  /** Names of the acquisition functions; undefined while they are fetched. */
  readonly catalogue: Catalogue | undefined
}

export function BatchReport({ learned, counts, catalogue }: BatchReportProps): ReactElement {
  const { cycle, before, newLabels, classes } = learned
  const [now, then] = [reportOf(cycle), reportOf(before)]
  const gain = cycle.metrics?.stopping?.text
  return (
    <div className={styles.report}>
      <dl className={styles.figures}>
        <Figure
          label="Accuracy before"
          value={then === null ? '–' : formatPercent(then.accuracy)}
          note={
            then === null
              ? 'not measured before'
              : `cycle ${before?.number}, ${formatInterval(then.low, then.high)}`
          }
        />
        <Figure
          label="Accuracy now"
          value={now === null ? '–' : formatPercent(now.accuracy)}
          note={
            now === null
              ? (cycle.metrics?.reason ?? 'no evaluation particle is labeled yet')
              : `${formatInterval(now.low, now.high)} on ${formatPlural(now.n, 'particle')}`
          }
        />
        <Figure
          label="Labels learned from"
          value={formatCount(cycle.training_label_count ?? 0)}
          note={newLabels === null ? 'of the pool' : `${formatCount(newLabels)} of them new`}
        />
      </dl>
      {classes.length > 0 && (
        <ul className={styles.classes} aria-label="How much of each class it finds">
          {classes.slice(0, CLASSES_SHOWN).map((each) => (
            <li key={each.name} title={`Of ${formatPlural(each.n, 'evaluation particle')} of this class`}>
              <span>{each.name}</span>
              <span>{describeGain(each)}</span>
            </li>
          ))}
        </ul>
      )}
      <p className={styles.words}>
        {gain !== undefined && `${gain} `}
        {classes.length > 0 &&
          'The list says what share of each class the model finds; with few particles it jumps. '}
        {describePlan(learned, counts, catalogue)}
      </p>
    </div>
  )
}

function describeGain({ before, after, n }: ClassGain): string {
  const now = after === null ? '–' : formatPercent(after)
  return before === null ? `${now} of ${n}` : `${formatPercent(before)} → ${now} of ${n}`
}

/** The next batch in a sentence. */
function describePlan(
  { cycle }: BatchLearned,
  counts: QueueState | null,
  catalogue: Catalogue | undefined,
): string {
  if (counts === null || counts.batch_total === 0) return ''
  const acquisition = acquisitionOf(cycle)
  const by = acquisition === null ? '' : `, chosen by ${acquisitionTitle(acquisition, catalogue)}`
  const evaluation = counts.open_evaluation
  const between = evaluation > 0 ? `, with ${formatPlural(evaluation, 'evaluation particle')} mixed in` : ''
  return `Next: ${formatPlural(counts.batch_total - counts.batch_done, 'particle')}${by}${between}.`
}
