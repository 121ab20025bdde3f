import { useState } from 'react'
import { useStartImport } from '../../api/actions'
import type { Project } from '../../api/types'
import { Button } from '../../design/Button'
import { CopyLine } from '../../design/CopyLine'
import { Disclosure } from '../../design/Disclosure'
import { TextField } from '../../design/Field'
import { ErrorNotice } from '../../design/Notice'
import { showToast } from '../../design/Toast'
import styles from './DataPage.module.css'

/** The ways particles get in: by command from any computer, or by a path the server can read. */
export function ImportHelp({ project }: { project: Project }) {
  return (
    <div className={styles.how}>
      <p>
        Run this where your particle list lies. It takes RELION STAR files whose images are cubes in .mrc
        files or stacks, sends what the server cannot read itself, and goes on where it stopped if the
        connection breaks. After “make run” the command is <code>.venv/bin/tomosift</code> in Tomosift’s
        folder.
      </p>
      <CopyLine label="Import command" text={`tomosift import particles.star --project ${project.slug}`} />
      <Disclosure summary="The files lie on the server already">
        <ServerPathForm project={project} />
      </Disclosure>
    </div>
  )
}

function ServerPathForm({ project }: { project: Project }) {
  const [path, setPath] = useState('')
  const [tried, setTried] = useState(false)
  const start = useStartImport(project.slug)
  const pathError = path.trim().startsWith('/') ? null : 'Give the whole path, beginning with “/”.'
  return (
    <form
      className={styles.how}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (pathError !== null) return
        start.mutate(path.trim(), {
          onSuccess: () => {
            showToast('The import has started.')
            setPath('')
            setTried(false)
          },
        })
      }}
    >
      <div className={styles.path}>
        <TextField
          label="Path of the particle list on the server"
          hint="Only folders its administrator opened for import (TOMOSIFT_IMPORT_ROOTS) can be read."
          value={path}
          onChange={setPath}
          error={tried ? pathError : null}
          placeholder="/data/session-12/particles.star"
          autoComplete="off"
          spellCheck={false}
        />
        <Button type="submit" disabled={start.isPending}>
          {start.isPending ? 'Starting…' : 'Import'}
        </Button>
      </div>
      {start.error && <ErrorNotice error={start.error} />}
    </form>
  )
}
