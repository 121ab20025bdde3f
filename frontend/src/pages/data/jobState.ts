import type { Job } from '../../api/types'

/** Whether a job has yet to end. */
export function isUnderWay(job: Pick<Job, 'state'>): boolean {
  return job.state === 'queued' || job.state === 'running'
}
