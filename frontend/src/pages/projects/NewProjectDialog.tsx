import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useCreateProject } from '../../api/actions'
import { Button } from '../../design/Button'
import { Dialog } from '../../design/Dialog'
import { TextArea, TextField } from '../../design/Field'
import { ErrorNotice } from '../../design/Notice'
import { formatPlural } from '../../format/numbers'
import { parseClassNames } from './classNamesText'
import styles from './NewProjectDialog.module.css'

/** Name a project and its classes; the particles come afterwards, by import. */
export function NewProjectDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [classText, setClassText] = useState('')
  const [tried, setTried] = useState(false)
  const create = useCreateProject()
  const navigate = useNavigate()
  const classes = parseClassNames(classText)
  const nameError = name.trim() === '' ? 'Give the project a name.' : null
  const classError =
    classes.length < 2 ? 'Name at least two classes: a network learns by telling them apart.' : null

  const submit = () => {
    setTried(true)
    if (nameError !== null || classError !== null) return
    create.mutate(
      { name: name.trim(), classes: classes.map((className) => ({ name: className })) },
      { onSuccess: (project) => void navigate(`/projects/${project.slug}/data`) },
    )
  }
  return (
    <Dialog
      title="New project"
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={create.isPending}>
            {create.isPending ? 'Creating…' : 'Create project'}
          </Button>
        </>
      }
    >
      <div className={styles.fields}>
        <TextField
          label="Name"
          value={name}
          onChange={setName}
          error={tried ? nameError : null}
          placeholder="Ribosomes in situ, 2026"
          maxLength={120}
        />
        <TextArea
          label="Classes"
          hint={
            classes.length > 0
              ? `${formatPlural(classes.length, 'class', 'classes')}, one per line. Junk is always there and need not be named.`
              : 'One per line. Junk is always there and need not be named.'
          }
          value={classText}
          onChange={setClassText}
          error={tried ? classError : null}
          rows={5}
        />
        {create.error && <ErrorNotice error={create.error} />}
      </div>
    </Dialog>
  )
}
