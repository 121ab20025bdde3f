import { lazy, Suspense } from 'react'
import { Link } from 'react-router'
import type { Cycle, Progress, Project } from '../../api/types'
import { allows } from '../../app/projectContext'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { CalibrationSection } from '../cycles/quality/CalibrationSection'
import { ClassQuality } from '../cycles/quality/ClassQuality'
import { ExpertAgreement } from './ExpertAgreement'
import styles from './OverviewPage.module.css'

const PuritySection = lazy(() => import('../cycles/quality/PuritySection'))

/** How good the model in use is: by class, at which confidence, and how far the experts agree themselves. */
export function ModelQuality({
  project,
  cycle,
  progress,
}: {
  project: Project
  /** The cycle whose model is in use. */
  cycle: Cycle
  progress: Progress
}) {
  const isCurator = allows(project.role, 'curator')
  const { report, calibration, reason } = cycle.metrics ?? {}
  return (
    <>
      <p className={styles.measured}>
        <strong>How good is the model?</strong> Measured for the one in use, of{' '}
        <Link to={`/projects/${project.slug}/cycles/${cycle.number}`}>cycle {cycle.number}</Link>, on
        particles that it never learned from.
      </p>
      {report ? (
        <ClassQuality slug={project.slug} report={report} labeled={progress.labeled} />
      ) : (
        <Section title="By class">
          <p>{reason ?? 'The model was not measured.'}</p>
        </Section>
      )}
      {isCurator && (
        <Suspense fallback={<Skeleton label="Loading the expected purity" lines={8} />}>
          <PuritySection slug={project.slug} cycle={cycle.number} />
        </Suspense>
      )}
      <div className={styles.beside}>
        <CalibrationSection calibration={calibration} />
        {isCurator && <ExpertAgreement project={project} />}
      </div>
    </>
  )
}
