import { type DragEvent, useRef, useState } from 'react'
import type { Project } from '../../../api/types'
import { Button } from '../../../design/Button'
import { classNames } from '../../../design/classNames'
import { formatBytes, formatPlural } from '../../../format/numbers'
import { archiveIn, chosenFiles, possibleLists, type ChosenFile } from '../../../upload/chosenFiles'
import { setCurrentUpload, useCurrentUploads } from '../../../upload/currentUploads'
import { droppedFiles } from '../../../upload/droppedFiles'
import { httpUploads } from '../../../upload/httpUploads'
import { Upload } from '../../../upload/Upload'
import styles from './BringData.module.css'
import type { FilesChoice } from './bringForm'
import { ListField, WHOLE_FOLDER } from './ListField'
import { UnpackArchive } from './UnpackArchive'
import { UploadProgress } from './UploadProgress'

/** Choose files on this computer and send them; tells what to import once all are there. */
export function UploadFiles({
  project,
  onChosen,
}: {
  project: Project
  onChosen: (files: FilesChoice) => void
}) {
  const current = useCurrentUploads((uploads) => uploads[project.slug])
  const [files, setFiles] = useState<readonly ChosenFile[] | null>(null)
  const [list, setList] = useState<string | null>(null)
  const [doneId, setDoneId] = useState<string | null>(null)
  const archive = archiveIn(current?.upload.files ?? files ?? [])
  const lists = possibleLists(files ?? [])

  const send = () => {
    if (files === null) return
    const upload = new Upload(project.slug, files, httpUploads(project.slug))
    setCurrentUpload(project.slug, {
      upload,
      list: archive === null ? (list ?? lists[0] ?? WHOLE_FOLDER) : null,
    })
    void upload.start()
  }
  const reset = () => {
    setCurrentUpload(project.slug, undefined)
    setFiles(null)
    setList(null)
    setDoneId(null)
  }

  if (doneId !== null && archive !== null) {
    return (
      <UnpackArchive
        project={project}
        uploadId={doneId}
        archive={archive.path}
        onReset={reset}
        onChosen={(chosen) => onChosen({ where: 'upload', uploadId: doneId, list: chosen })}
      />
    )
  }
  if (current !== undefined) {
    return (
      <UploadProgress
        upload={current.upload}
        onReset={reset}
        onDone={(uploadId) => {
          if (current.list === null) setDoneId(uploadId)
          else onChosen({ where: 'upload', uploadId, list: current.list })
        }}
      />
    )
  }
  if (files === null) return <FilePicker onFiles={setFiles} />
  return (
    <div className={styles.fields}>
      <p>
        {formatPlural(files.length, 'file')},{' '}
        {formatBytes(files.reduce((sum, { file }) => sum + file.size, 0))}.{' '}
        {archive !== null && 'It is unpacked on the server.'}
      </p>
      {archive === null && (
        <ListField lists={lists} value={list ?? lists[0] ?? WHOLE_FOLDER} onChange={setList} />
      )}
      <div className={styles.actions}>
        <Button kind="primary" onClick={send}>
          Send to the server
        </Button>
        <Button onClick={reset}>Choose others</Button>
      </div>
    </div>
  )
}

function FilePicker({ onFiles }: { onFiles: (files: readonly ChosenFile[]) => void }) {
  const filesInput = useRef<HTMLInputElement>(null)
  const folderInput = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const take = (files: readonly ChosenFile[]) => files.length > 0 && onFiles(files)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    void droppedFiles(event.dataTransfer.items).then(take)
  }
  return (
    <div
      className={classNames(styles.drop, over && styles.over)}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <p>Choose the particle list and its volumes together, or drop them here.</p>
      <div className={styles.actions}>
        <Button icon="file" onClick={() => filesInput.current?.click()}>
          Choose files
        </Button>
        <Button icon="file" onClick={() => folderInput.current?.click()}>
          Choose a folder
        </Button>
      </div>
      <p className={styles.muted}>
        One .zip or .tar of them will do as well. Large pools go faster by command, or as files on the server.
      </p>
      <input
        ref={filesInput}
        type="file"
        multiple
        hidden
        aria-label="Files to send"
        onChange={(event) => take(chosenFiles(event.target.files ?? []))}
      />
      <input
        ref={folderInput}
        type="file"
        multiple
        hidden
        aria-label="Folder to send"
        {...{ webkitdirectory: '' }}
        onChange={(event) => take(chosenFiles(event.target.files ?? []))}
      />
    </div>
  )
}
