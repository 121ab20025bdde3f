import { useEffect, useRef, useState } from 'react'
import 'uplot/dist/uPlot.min.css'
import type { Catalogue, CurvePoint, RandomReference } from '../../api/types'
import { onThemeChange } from '../../app/theme'
import { formatInterval, formatMeasuredOn, formatPercent, formatPlural } from '../../format/numbers'
import { acquisitionTitle } from '../cycles/acquisitionTitle'
import styles from './LearningCurveChart.module.css'
import { drawLearningCurve } from './learningCurvePlot'

/** The drawn curve and a line of words about the point under the pointer, by default the newest. */
export default function LearningCurveChart({
  points,
  reference,
  catalogue,
}: {
  points: CurvePoint[]
  reference: RandomReference['points']
  catalogue: Catalogue | undefined
}) {
  const frame = useRef<HTMLDivElement>(null)
  const [hovered, setHovered] = useState<number | null>(null)

  useEffect(() => {
    const element = frame.current
    if (element === null) return
    let plot = drawLearningCurve(element, points, reference, setHovered)
    const resize = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: element.clientHeight }),
    )
    resize.observe(element)
    const stopTheme = onThemeChange(() => {
      plot.destroy()
      plot = drawLearningCurve(element, points, reference, setHovered)
    })
    return () => {
      stopTheme()
      resize.disconnect()
      plot.destroy()
    }
  }, [points, reference])

  const point = (hovered === null ? undefined : points[hovered]) ?? points.at(-1)
  return (
    <>
      <div
        ref={frame}
        className={styles.frame}
        role="img"
        aria-label={`Learning curve of ${points.length} cycles. The same figures are in the table below.`}
      />
      {point && <Readout point={point} catalogue={catalogue} />}
    </>
  )
}

function Readout({ point, catalogue }: { point: CurvePoint; catalogue: Catalogue | undefined }) {
  return (
    <p className={styles.readout}>
      <strong>
        Cycle {point.cycle_number}: {formatPercent(point.accuracy)}
      </strong>{' '}
      (95 % interval {formatInterval(point.low, point.high)}, {formatMeasuredOn(point.evaluation_labels)})
      after learning from {formatPlural(point.training_labels, 'label')}. Picks by{' '}
      {acquisitionTitle(point.acquisition, catalogue)}.
    </p>
  )
}
