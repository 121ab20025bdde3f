import { type FormEvent, useState } from 'react'
import type { Project } from '../../../api/types'
import { Button } from '../../../design/Button'
import { CopyLine } from '../../../design/CopyLine'
import { TextField } from '../../../design/Field'
import { Segmented } from '../../../design/Segmented'
import styles from './BringData.module.css'
import type { FilesChoice } from './bringForm'
import { UploadFiles } from './UploadFiles'

type Where = 'server' | 'computer' | 'command'

const PLACES: { value: Where; title: string }[] = [
  { value: 'computer', title: 'On this computer' },
  { value: 'server', title: 'On the server' },
  { value: 'command', title: 'By command' },
]

/** Where the files are: files to send, which always works; a path the server may read; or the command line. */
export function FilesStep({
  project,
  onChosen,
}: {
  project: Project
  onChosen: (files: FilesChoice) => void
}) {
  const [where, setWhere] = useState<Where>('computer')
  return (
    <>
      <div>
        <Segmented label="Where the files are" options={PLACES} value={where} onChange={setWhere} />
      </div>
      {where === 'server' && <ServerFiles onChosen={onChosen} />}
      {where === 'computer' && <UploadFiles project={project} onChosen={onChosen} />}
      {where === 'command' && <ByCommand slug={project.slug} />}
    </>
  )
}

function ServerFiles({ onChosen }: { onChosen: (files: FilesChoice) => void }) {
  const [path, setPath] = useState('')
  const [tried, setTried] = useState(false)
  const pathError = path.trim().startsWith('/') ? null : 'Give the whole path, beginning with “/”.'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (pathError === null) onChosen({ where: 'server', path: path.trim() })
  }
  return (
    <form className={styles.fields} noValidate onSubmit={submit}>
      <TextField
        label="Path of the particle list on the server"
        hint="A list of any format, or a folder of volumes. Only folders its administrator opened for import (TOMOSIFT_IMPORT_ROOTS) can be read."
        value={path}
        onChange={setPath}
        error={tried ? pathError : null}
        placeholder="/data/session-12/particles.star"
        autoComplete="off"
        spellCheck={false}
      />
      <div className={styles.actions}>
        <Button kind="primary" type="submit">
          Look at the files
        </Button>
        <span className={styles.muted}>This only looks. Nothing is imported.</span>
      </div>
    </form>
  )
}

function ByCommand({ slug }: { slug: string }) {
  return (
    <div className={styles.fields}>
      <p className={styles.muted}>
        Run this where your particle list lies. It sends what the server cannot read itself, and goes on where
        it stopped if the connection breaks. With <code>--preview</code> it only looks. After “make run” the
        command is <code>.venv/bin/tomosift</code> in Tomosift’s folder.
      </p>
      <CopyLine label="Import command" text={`tomosift import particles.star --project ${slug}`} />
    </div>
  )
}
