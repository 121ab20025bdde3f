import { lazy, Suspense } from 'react'
import type { Calibration } from '../../../api/types'
import { Section } from '../../../design/Section'
import { Skeleton } from '../../../design/Skeleton'

const ReliabilityDiagram = lazy(() => import('./ReliabilityDiagram'))

/** Whether the network's confidence means what it says; nothing where that was not measured. */
export function CalibrationSection({ calibration }: { calibration: Calibration | null | undefined }) {
  if (!calibration?.reliability_after || calibration.reliability_after.length === 0) return null
  return (
    <Section
      title="Does its confidence hold?"
      intro="On the dashed line, what is called 80 % sure is right in 80 % of cases; below it, the network is too sure of itself."
    >
      <Suspense fallback={<Skeleton label="Drawing the reliability diagram" lines={8} />}>
        <ReliabilityDiagram calibration={calibration} />
      </Suspense>
    </Section>
  )
}
