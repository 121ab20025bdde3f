import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useCancelJob, useStartPreview } from '../../../api/actions'
import { importPreviewQuery, jobQuery } from '../../../api/queries'
import type { ImportPreview, Job, Project } from '../../../api/types'
import { Button } from '../../../design/Button'
import { ProgressBar } from '../../../design/Meter'
import { ErrorNotice, Notice } from '../../../design/Notice'
import { Prose } from '../../../design/Prose'
import { formatVoxelSize, share } from '../../../format/numbers'
import { setCurrentUpload } from '../../../upload/currentUploads'
import { ProgressFigures } from '../../cycles/CycleProgress'
import { isUnderWay } from '../jobState'
import { RowErrors, rowErrorsIn } from '../RowErrors'
import styles from './BringData.module.css'
import { type BringOptions, type FilesChoice, importBody, NO_OPTIONS } from './bringForm'
import { FilesStep } from './FilesStep'
import { ImportStep } from './ImportStep'
import { OptionsStep } from './OptionsStep'
import { PreviewView } from './PreviewView'
import { Step } from './Step'

const REFRESH_MS = 700

/** Bring particles in, step by step: where the files are, how to read them, what was found, import. */
export function BringData({ project, onStarted }: { project: Project; onStarted: () => void }) {
  const [files, setFiles] = useState<FilesChoice | null>(null)
  const [options, setOptions] = useState<BringOptions>(NO_OPTIONS)
  const [isChanging, setIsChanging] = useState(false)
  const look = useStartPreview(project.slug)
  const jobId = look.data?.id ?? null
  const job = useQuery({
    ...jobQuery(project.slug, jobId ?? ''),
    enabled: jobId !== null,
    refetchInterval: (query) => (query.state.data && !isUnderWay(query.state.data) ? false : REFRESH_MS),
  }).data
  const found = useQuery({
    ...importPreviewQuery(project.slug, jobId ?? ''),
    enabled: job?.state === 'succeeded',
  })
  const preview = job?.state === 'succeeded' ? (found.data ?? null) : null

  const lookAt = (where: FilesChoice, how: BringOptions) => {
    setFiles(where)
    setOptions(how)
    setIsChanging(false)
    look.mutate(importBody(where, how, null))
  }
  const again = () => {
    look.reset()
    setFiles(null)
    setIsChanging(false)
    setOptions(NO_OPTIONS)
    setCurrentUpload(project.slug, undefined)
  }
  const isLooking =
    look.isPending || (jobId !== null && (job === undefined || isUnderWay(job) || found.isLoading))
  const needsTomograms = preview?.kind === 'coordinates'
  const failed = look.isError || job?.state === 'failed' || job?.state === 'cancelled' || found.isError
  const showsOptions = !isLooking && (isChanging || needsTomograms || failed)
  const canImport = preview !== null && !showsOptions && preview.errors.length === 0

  if (files === null) {
    return (
      <ol className={styles.steps}>
        <Step number={1} title="Where are the files?">
          <FilesStep project={project} onChosen={(chosen) => lookAt(chosen, NO_OPTIONS)} />
        </Step>
      </ol>
    )
  }
  return (
    <ol className={styles.steps}>
      <Step number={1} title="Files" summary={describeFiles(files)} onChange={again} />
      {showsOptions ? (
        <Step number={2} title="Options">
          {needsTomograms && (
            <Notice tone="neutral" title="This list holds positions only">
              Say where the tomograms are, and a box is cut around each of the{' '}
              {preview.row_count.toLocaleString('en-GB')} positions.
            </Notice>
          )}
          <LookFailure error={look.error ?? found.error} job={job} />
          <OptionsStep
            files={files}
            recognised={preview?.format_title ?? null}
            hasPool={project.box_size !== null}
            options={needsTomograms ? { ...options, cuts: true } : options}
            onLook={(how) => lookAt(files, how)}
          />
        </Step>
      ) : (
        preview && (
          <Step
            number={2}
            title="Options"
            summary={describeReading(preview)}
            onChange={() => setIsChanging(true)}
          />
        )
      )}
      {isLooking && (
        <Step number={2} title="Looking at the files">
          <Looking project={project} job={job} />
        </Step>
      )}
      {preview && !showsOptions && (
        <Step number={3} title="What was found">
          <PreviewView preview={preview} />
          {preview.errors.length > 0 && (
            <div className={styles.actions}>
              {files.where === 'server' ? (
                <Button onClick={() => lookAt(files, options)}>I have mended the files: look again</Button>
              ) : (
                <Button onClick={again}>Send mended files</Button>
              )}
            </div>
          )}
        </Step>
      )}
      {canImport && (
        <Step number={4} title="Import">
          <ImportStep
            project={project}
            files={files}
            options={options}
            preview={preview}
            onStarted={() => {
              again()
              onStarted()
            }}
          />
        </Step>
      )}
    </ol>
  )
}

function describeFiles(files: FilesChoice): string {
  if (files.where === 'server') return files.path
  return files.list === '.' ? 'sent from this computer' : `${files.list}, sent from this computer`
}

function describeReading(preview: ImportPreview): string {
  const size = preview.voxel_size_angstrom
  return [preview.format_title, size === null ? 'voxel size unknown' : formatVoxelSize(size)].join(' · ')
}

function Looking({ project, job }: { project: Project; job: Job | undefined }) {
  const cancel = useCancelJob(project.slug)
  return (
    <div className={styles.fields}>
      <ProgressBar label="Looking at the files" value={share(job?.progress?.done, job?.progress?.total)} />
      <ProgressFigures progress={job?.progress ?? null} />
      {job && (
        <div className={styles.actions}>
          <Button
            size="small"
            icon="stop"
            disabled={cancel.isPending || cancel.isSuccess}
            onClick={() => cancel.mutate(job.id)}
          >
            Cancel
          </Button>
        </div>
      )}
    </div>
  )
}

/** Why the files could not be looked at; the options below may mend it. */
function LookFailure({ error, job }: { error: Error | null; job: Job | undefined }) {
  if (error) return <ErrorNotice error={error} />
  if (job?.state !== 'failed') return null
  const errors = rowErrorsIn(job.problem)
  return (
    <>
      <Notice tone="bad" title={job.problem?.title ?? 'The files could not be read'}>
        <Prose text={job.problem?.detail ?? 'It ended without saying why.'} />
      </Notice>
      {errors.length > 0 && <RowErrors errors={errors} />}
    </>
  )
}
