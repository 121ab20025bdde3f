import { useCancelJob } from '../../api/actions'
import type { Job, JobState, Project } from '../../api/types'
import { allows } from '../../app/projectContext'
import { Badge, type Tone } from '../../design/Badge'
import { Button } from '../../design/Button'
import { ProgressBar } from '../../design/Meter'
import { Notice } from '../../design/Notice'
import { Prose } from '../../design/Prose'
import { TimeAgo } from '../../design/TimeAgo'
import { showToast } from '../../design/Toast'
import { formatPercent, formatPlural, share } from '../../format/numbers'
import { ProgressFigures } from '../cycles/CycleProgress'
import styles from './DataPage.module.css'
import { RowErrors, rowErrorsIn } from './RowErrors'

const STATES: Record<JobState, { title: string; tone: Tone }> = {
  queued: { title: 'Waiting', tone: 'neutral' },
  running: { title: 'Importing', tone: 'active' },
  succeeded: { title: 'Done', tone: 'good' },
  failed: { title: 'Failed', tone: 'bad' },
  cancelled: { title: 'Cancelled', tone: 'neutral' },
}

/** Whether an import has yet to end. */
export function isUnderWay(job: Job): boolean {
  return job.state === 'queued' || job.state === 'running'
}

/** One import: how far it is, or why it failed, row by row. */
export function ImportJob({ project, job }: { project: Project; job: Job }) {
  const cancel = useCancelJob(project.slug)
  const state = STATES[job.state]
  const value = job.state === 'queued' ? null : share(job.progress?.done, job.progress?.total)
  return (
    <li className={styles.job}>
      <div className={styles.jobHead}>
        <Badge tone={state.tone}>{state.title}</Badge>
        <span>
          Started <TimeAgo iso={job.created_at} />
        </span>
        {isUnderWay(job) && allows(project.role, 'curator') && (
          <Button
            size="small"
            icon="stop"
            disabled={cancel.isPending || cancel.isSuccess}
            onClick={() =>
              cancel.mutate(job.id, { onError: () => showToast('The import could not be cancelled.', 'bad') })
            }
          >
            {cancel.isSuccess ? 'Cancelling…' : 'Cancel'}
          </Button>
        )}
      </div>
      {isUnderWay(job) && (
        <>
          <ProgressBar label="Import" value={value} />
          <ProgressFigures progress={job.progress} />
          <p className="visually-hidden" role="status">
            {value === null
              ? `Import: ${state.title}`
              : `Import: ${formatPercent(Math.floor(value * 4) / 4)}`}
          </p>
        </>
      )}
      {job.state === 'failed' && <Failure job={job} />}
    </li>
  )
}

function Failure({ job }: { job: Job }) {
  const { problem } = job
  const errors = rowErrorsIn(problem)
  return (
    <>
      <Notice tone="bad" title={problem?.title ?? 'The import failed'}>
        <Prose text={problem?.detail ?? 'It ended without saying why.'} /> Nothing of this list was imported
        {errors.length > 0 && `; ${formatPlural(errors.length, 'row')} to mend`}.
      </Notice>
      {errors.length > 0 && <RowErrors errors={errors} />}
    </>
  )
}
