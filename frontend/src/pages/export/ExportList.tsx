import { useQuery } from '@tanstack/react-query'
import { useCancelJob } from '../../api/actions'
import { exportQuery } from '../../api/queries'
import type { ExportDetail, ExportSummary, Job, Project } from '../../api/types'
import { Badge, type Tone } from '../../design/Badge'
import { Button } from '../../design/Button'
import { Disclosure } from '../../design/Disclosure'
import { ProgressBar } from '../../design/Meter'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Prose } from '../../design/Prose'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { showToast } from '../../design/Toast'
import { formatBytes, formatCount, formatPlural, share } from '../../format/numbers'
import { formatDateTime } from '../../format/time'
import { ProgressFigures } from '../cycles/CycleProgress'
import { isUnderWay } from '../data/jobState'
import styles from './ExportPage.module.css'
import { describeChoice } from './words'

const STATES: Record<ExportSummary['state'], { title: string; tone: Tone }> = {
  queued: { title: 'Waiting', tone: 'neutral' },
  running: { title: 'Exporting', tone: 'active' },
  succeeded: { title: 'Ready', tone: 'good' },
  failed: { title: 'Failed', tone: 'bad' },
  cancelled: { title: 'Cancelled', tone: 'neutral' },
}

const RECENT_MS = 60 * 60_000

function isRecent({ finished_at }: ExportSummary): boolean {
  return finished_at !== null && Date.now() - Date.parse(finished_at) < RECENT_MS
}

/** The project's exports, newest first, with their files. */
export function ExportList({
  project,
  exports,
  jobs,
}: {
  project: Project
  exports: ExportSummary[]
  /** What is known of the jobs behind them. */
  jobs: Job[]
}) {
  return (
    <ul className={styles.exports}>
      {exports.map((each, index) => (
        <ExportItem
          key={each.id}
          project={project}
          summary={each}
          job={jobs.find(({ id }) => id === each.id)}
          open={index === 0 && isRecent(each)}
        />
      ))}
    </ul>
  )
}

function ExportItem({
  project,
  summary,
  job,
  open,
}: {
  project: Project
  summary: ExportSummary
  job: Job | undefined
  open: boolean
}) {
  // The job is heard of live, the list a little later.
  const state = job?.state ?? summary.state
  const shown = STATES[state]
  const cancel = useCancelJob(project.slug)
  return (
    <li className={styles.export}>
      <div className={styles.exportHead}>
        <Badge tone={summary.state === 'succeeded' && !summary.available ? 'neutral' : shown.tone}>
          {summary.state === 'succeeded' && !summary.available ? 'Deleted' : shown.title}
        </Badge>
        <span className={styles.what}>{describeChoice(summary.request)}</span>
        <span className={styles.when}>
          {summary.created_by !== null && `${summary.created_by}, `}
          <TimeAgo iso={summary.created_at} />
        </span>
      </div>
      {isUnderWay({ state }) && (
        <>
          <ProgressBar
            label="Export"
            value={state === 'queued' ? null : share(job?.progress?.done, job?.progress?.total)}
          />
          <ProgressFigures progress={job?.progress ?? null} />
          <div>
            <Button
              size="small"
              icon="stop"
              disabled={cancel.isPending || cancel.isSuccess}
              onClick={() =>
                cancel.mutate(summary.id, {
                  onError: () => showToast('The export could not be cancelled.', 'bad'),
                })
              }
            >
              {cancel.isSuccess ? 'Cancelling…' : 'Cancel'}
            </Button>
          </div>
        </>
      )}
      {state === 'failed' && (
        <Notice tone="bad" title={job?.problem?.title ?? 'The export failed'}>
          <Prose text={job?.problem?.detail ?? 'It ended without saying why. Export again.'} />
        </Notice>
      )}
      {summary.available && <Files project={project} summary={summary} open={open} />}
    </li>
  )
}

function Files({ project, summary, open }: { project: Project; summary: ExportSummary; open: boolean }) {
  const url = exportUrl(project.slug, summary.id)
  const facts = [
    summary.particles !== null && formatPlural(summary.particles, 'particle'),
    summary.file_count !== null && formatPlural(summary.file_count, 'file'),
    summary.bytes !== null && formatBytes(summary.bytes),
  ].filter(Boolean)
  return (
    <>
      <div className={styles.ready}>
        <a className={styles.download} href={`${url}/archive`} download>
          Download all as .zip
        </a>
        <span>{facts.join(' · ')}</span>
        {summary.expires_at !== null && <span>kept until {formatDateTime(summary.expires_at)}</span>}
      </div>
      <Disclosure summary="Files and counts" open={open}>
        <FileList slug={project.slug} id={summary.id} />
      </Disclosure>
    </>
  )
}

function FileList({ slug, id }: { slug: string; id: string }) {
  const detail = useQuery({ ...exportQuery(slug, id), staleTime: Infinity })
  if (detail.error) return <ErrorNotice error={detail.error} />
  if (detail.data === undefined) return <Skeleton label="Loading the files" lines={3} />
  const { files, classes, file_count } = detail.data
  return (
    <div className={styles.fields}>
      <Table
        caption="Files of this export"
        columns={fileColumns(exportUrl(slug, id))}
        rows={files}
        rowKey={({ path }) => path}
      />
      {file_count !== null && file_count > files.length && (
        <p className={styles.muted}>
          The first {formatCount(files.length)} of {formatCount(file_count)}; the .zip has all of them.
        </p>
      )}
      <dl className={styles.counts}>
        {classes
          .filter(({ count }) => count > 0)
          .map(({ name, count, note }) => (
            <div key={name}>
              <dt>
                {name}: {formatCount(count)}
              </dt>
              <dd>{note}</dd>
            </div>
          ))}
      </dl>
    </div>
  )
}

function fileColumns(url: string): Column<ExportDetail['files'][number]>[] {
  return [
    {
      title: 'File',
      cell: ({ path }) => (
        <a href={`${url}/files/${path.split('/').map(encodeURIComponent).join('/')}`} download>
          {path}
        </a>
      ),
    },
    {
      title: 'Particles',
      numeric: true,
      cell: ({ particles }) => (particles == null ? '' : formatCount(particles)),
    },
    { title: 'Size', numeric: true, cell: ({ bytes }) => formatBytes(bytes) },
    {
      title: 'SHA-256',
      cell: ({ sha256 }) => <code title={sha256}>{sha256.slice(0, 12)}…</code>,
    },
  ]
}

function exportUrl(slug: string, id: string): string {
  return `/api/v1/projects/${encodeURIComponent(slug)}/exports/${id}`
}
