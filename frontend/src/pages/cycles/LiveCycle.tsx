import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { Link } from 'react-router'
import { cycleQuery } from '../../api/queries'
import type { Cycle, Project } from '../../api/types'
import { allows } from '../../app/projectContext'
import { Disclosure } from '../../design/Disclosure'
import { Notice } from '../../design/Notice'
import { Prose } from '../../design/Prose'
import { Stepper } from '../../design/Stepper'
import { CancelCycleButton } from './CancelCycleButton'
import { CycleProgress } from './CycleProgress'
import { JobLog } from './JobLog'
import styles from './LiveCycle.module.css'
import { stepsOf } from './stages'

/** Events tell of progress at once; this catches the log, and events lost on the way. */
const REFRESH_MS = 4000

/** The cycle under way: its stages, how far it is, its log, and a way to stop it. */
export function LiveCycle({
  project,
  cycle: listed,
  title,
}: {
  project: Project
  cycle: Cycle
  /** By default the cycle's number, leading to its page. */
  title?: string
}) {
  const detail = useQuery({ ...cycleQuery(project.slug, listed.number), refetchInterval: REFRESH_MS })
  const cycle = detail.data ?? listed
  const titleId = useId()
  return (
    <section className={styles.live} aria-labelledby={titleId}>
      <div className={styles.head}>
        <h2 id={titleId}>
          {title ?? <Link to={`/projects/${project.slug}/cycles/${cycle.number}`}>Cycle {cycle.number}</Link>}
        </h2>
        <Stepper label={`Stages of cycle ${cycle.number}`} steps={stepsOf(cycle)} />
        {allows(project.role, 'curator') && <CancelCycleButton slug={project.slug} cycle={cycle} />}
      </div>
      {cycle.warning && (
        <Notice tone="warn">
          <Prose text={cycle.warning} />
        </Notice>
      )}
      <CycleProgress cycle={cycle} />
      {cycle.job.log.length > 0 && (
        <Disclosure summary="Log">
          <JobLog label={`Log of cycle ${cycle.number}`} lines={cycle.job.log} />
        </Disclosure>
      )}
    </section>
  )
}
