import { useCancelJob } from '../../api/actions'
import type { Job, JobState, Project } from '../../api/types'
import { allows } from '../../app/projectContext'
import { Badge, type Tone } from '../../design/Badge'
import { Button, ButtonLink } from '../../design/Button'
import { ProgressBar } from '../../design/Meter'
import { Notice } from '../../design/Notice'
import { Prose } from '../../design/Prose'
import { TimeAgo } from '../../design/TimeAgo'
import { showToast } from '../../design/Toast'
import { formatPercent, formatPlural, share } from '../../format/numbers'
import { ProgressFigures } from '../cycles/CycleProgress'
import styles from './DataPage.module.css'
import { describeImport, importedCounts } from './importResult'
import { isUnderWay } from './jobState'
import { RowErrors, rowErrorsIn } from './RowErrors'

const STATES: Record<JobState, { title: string; tone: Tone }> = {
  queued: { title: 'Waiting', tone: 'neutral' },
  running: { title: 'Importing', tone: 'active' },
  succeeded: { title: 'Done', tone: 'good' },
  failed: { title: 'Failed', tone: 'bad' },
  cancelled: { title: 'Cancelled', tone: 'neutral' },
}

/** One import: how far it is, what it brought, or why it failed, row by row. */
export function ImportJob({ project, job }: { project: Project; job: Job }) {
  const cancel = useCancelJob(project.slug)
  const state = STATES[job.state]
  const value = job.state === 'queued' ? null : share(job.progress?.done, job.progress?.total)
  return (
    <li className={styles.job}>
      <div className={styles.jobHead}>
        <Badge tone={state.tone}>
          {job.kind === 'demo' && job.state === 'running' ? 'Simulating' : state.title}
        </Badge>
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
      {job.state === 'succeeded' && <Outcome project={project} job={job} />}
      {job.state === 'failed' && <Failure job={job} />}
    </li>
  )
}

function Outcome({ project, job }: { project: Project; job: Job }) {
  const counts = importedCounts(job.result)
  return (
    <Notice
      tone="good"
      title={describeImport(counts)}
      actions={
        counts.added > 0 && (
          <ButtonLink to={`/projects/${project.slug}/label`} kind="primary" icon="label">
            Label particles
          </ButtonLink>
        )
      }
    >
      {counts.evaluation > 0 &&
        `${formatPlural(counts.evaluation, 'of them is', 'of them are')} set aside at random to measure the model. `}
      {counts.added > 0 && 'Next: label the first batch.'}
    </Notice>
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
