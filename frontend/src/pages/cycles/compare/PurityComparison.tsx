import { useQuery } from '@tanstack/react-query'
import { purityQuery } from '../../../api/queries'
import type { Purity } from '../../../api/types'
import { ErrorNotice } from '../../../design/Notice'
import { Section } from '../../../design/Section'
import { Skeleton } from '../../../design/Skeleton'
import { UnitPlot } from '../../../design/UnitPlot'
import { formatCount, formatPercent } from '../../../format/numbers'
import { linePath, placeOf, pointsOf } from '../quality/purityFigures'
import styles from './ComparePage.module.css'

const WIDTH = 560
const HEIGHT = 320
const READ_AT = 0.9

/** Expected purity of both models, all classes together. */
export function PurityComparison({ slug, before, after }: { slug: string; before: number; after: number }) {
  const was = useQuery({ ...purityQuery(slug, before), staleTime: 60_000 })
  const is = useQuery({ ...purityQuery(slug, after), staleTime: 60_000 })
  const error = was.error ?? is.error
  return (
    <Section
      title="Expected purity"
      intro="Of the particles nobody has labeled: what share is expected to be right at each least confidence, all classes together."
    >
      {error && <ErrorNotice error={error} />}
      {!error && !(was.data && is.data) && <Skeleton label="Loading the expected purity" lines={8} />}
      {was.data && is.data && <Curves before={was.data} after={is.data} />}
    </Section>
  )
}

function Curves({ before, after }: { before: Purity; after: Purity }) {
  const [was, is] = [before, after].map(wholeOf)
  if (!was || !is) return <p>One of both has called no particle anything.</p>
  return (
    <div className={styles.plot}>
      <UnitPlot
        label="Expected purity of both cycles against confidence. The figures at 90 % confidence are below."
        xTitle="Least confidence"
        yTitle="Expected right"
        width={WIDTH}
        height={HEIGHT}
      >
        {({ x, y }) => (
          <>
            <path className={styles.before} d={linePath(was, x, y)} />
            <path className={styles.after} d={linePath(is, x, y)} />
          </>
        )}
      </UnitPlot>
      <p className={styles.legend}>
        <span>
          <i className={styles.keyBefore} /> cycle {before.cycle}: {atNinety(before)}
        </span>
        <span>
          <i className={styles.keyAfter} /> cycle {after.cycle}: {atNinety(after)}
        </span>
      </p>
    </div>
  )
}

function wholeOf(purity: Purity) {
  const all = purity.classes[0]
  return all && pointsOf(purity, all)
}

/** `441 particles at 90 % confidence, 97 % expected right`. */
function atNinety(purity: Purity): string {
  const point = wholeOf(purity)?.[placeOf(purity.thresholds, READ_AT)]
  if (!point) return 'nothing'
  const right =
    point.share === null ? 'nobody knows how many are right' : `${formatPercent(point.share)} expected right`
  return `${formatCount(point.count)} particles at 90 % confidence, ${right}`
}
