import type { CycleMetrics } from '../../../api/types'
import { formatPercent, formatPlural } from '../../../format/numbers'
import { Notice, type NoticeTone } from '../../../design/Notice'

type Advice = NonNullable<CycleMetrics['stopping']>

const TONES: Record<Advice['verdict'], NoticeTone> = {
  'too-early': 'neutral',
  undecided: 'neutral',
  'go-on': 'neutral',
  'consider-stopping': 'good',
}

const TITLES: Record<Advice['verdict'], string> = {
  'too-early': 'Go on or stop? Too early to say',
  undecided: 'Go on or stop? Not clear',
  'go-on': 'Go on: more labels are worth it',
  'consider-stopping': 'More labels may bring little',
}

/** Whether more labels are worth it, why, and what to expect of the next batch. Nothing stops by itself. */
export function StoppingAdvice({ advice }: { advice: Advice }) {
  const { gain, expected_gain: expected } = advice
  return (
    <Notice tone={TONES[advice.verdict]} title={TITLES[advice.verdict]}>
      <p>{advice.text}</p>
      {expected !== null && gain !== null && advice.verdict !== 'too-early' && (
        <p>
          At the pace of the last {formatPlural(gain.cycles, 'cycle')}, with{' '}
          {formatPlural(gain.labels, 'label')}, the next batch brings at most about {formatPoints(expected)}.
        </p>
      )}
    </Notice>
  )
}

/** How far the model agrees with the one before. */
export function AgreementFigures({ agreement }: { agreement: NonNullable<CycleMetrics['agreement']> }) {
  const kappa = agreement.kappa === null ? '' : ` Cohen’s kappa ${agreement.kappa.toFixed(2)}.`
  return (
    <p>
      Compared with the model of cycle {agreement.previous_cycle}, {formatPercent(agreement.changed, 1)} of{' '}
      {formatPlural(agreement.n, 'particle')} changed class.{kappa}
    </p>
  )
}

function formatPoints(share: number): string {
  const points = (share * 100).toFixed(1)
  return `${share > 0 ? '+' : ''}${points.replace('-', '−')} points of accuracy`
}
