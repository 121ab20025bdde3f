import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { jobQuery, unpackQuery } from '../../../api/queries'
import type { Project } from '../../../api/types'
import { Button } from '../../../design/Button'
import { ProgressBar } from '../../../design/Meter'
import { ErrorNotice, Notice } from '../../../design/Notice'
import { Prose } from '../../../design/Prose'
import { share } from '../../../format/numbers'
import { possibleListPaths } from '../../../upload/chosenFiles'
import { uploadedFiles } from '../../../upload/httpUploads'
import { ProgressFigures } from '../../cycles/CycleProgress'
import { isUnderWay } from '../jobState'
import styles from './BringData.module.css'
import { ListField, WHOLE_FOLDER } from './ListField'

const REFRESH_MS = 700

/** Unpack an archive that was sent, and choose the particle list in it. */
export function UnpackArchive({
  project,
  uploadId,
  archive,
  onChosen,
  onReset,
}: {
  project: Project
  uploadId: string
  archive: string
  onChosen: (list: string) => void
  onReset: () => void
}) {
  const unpack = useQuery(unpackQuery(project.slug, uploadId, archive))
  const jobId = unpack.data?.id
  const job = useQuery({
    ...jobQuery(project.slug, jobId ?? ''),
    enabled: jobId !== undefined,
    refetchInterval: (query) => (query.state.data && !isUnderWay(query.state.data) ? false : REFRESH_MS),
  }).data
  const contents = useQuery({
    queryKey: ['upload-lists', uploadId],
    queryFn: async () => possibleListPaths([...(await uploadedFiles(project.slug, uploadId)).keys()]),
    enabled: job?.state === 'succeeded',
    staleTime: Infinity,
  })
  const [chosen, setChosen] = useState<string | null>(null)

  const lists = contents.data
  const error = unpack.error ?? contents.error
  const failed = error !== null || job?.state === 'failed' || job?.state === 'cancelled'
  if (lists !== undefined) {
    const value = chosen ?? lists[0] ?? WHOLE_FOLDER
    return (
      <div className={styles.fields}>
        <ListField lists={lists} value={value} onChange={setChosen} />
        <div className={styles.actions}>
          <Button kind="primary" onClick={() => onChosen(value)}>
            Look at the files
          </Button>
          <Button onClick={onReset}>Choose others</Button>
        </div>
      </div>
    )
  }
  return (
    <div className={styles.fields}>
      {!failed && (
        <>
          <p>Unpacking {archive} on the server.</p>
          <ProgressBar label="Unpacking" value={share(job?.progress?.done, job?.progress?.total)} />
          <ProgressFigures progress={job?.progress ?? null} />
        </>
      )}
      {error && <ErrorNotice error={error} />}
      {job?.state === 'failed' && (
        <Notice tone="bad" title={job.problem?.title ?? 'The archive could not be unpacked'}>
          <Prose text={job.problem?.detail ?? 'It ended without saying why.'} />
        </Notice>
      )}
      {failed && (
        <div className={styles.actions}>
          <Button kind="primary" onClick={onReset}>
            Choose others
          </Button>
        </div>
      )}
    </div>
  )
}
