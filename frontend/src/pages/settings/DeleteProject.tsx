import { useState } from 'react'
import { useEndProject } from '../../api/projectSettings'
import { useProject } from '../../app/projectContext'
import { Button } from '../../design/Button'
import { Dialog } from '../../design/Dialog'
import { TextField } from '../../design/Field'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import styles from './ProjectSettingsPage.module.css'

/** Deleting the project: two steps, and for some weeks a way back. */
export function DeleteProject() {
  const [asking, setAsking] = useState(false)
  return (
    <Section title="Delete the project">
      <div className={styles.danger}>
        <p>
          It disappears for everybody but its owners, and its work stops. For 30 days (unless your
          administrator has set another time) you can restore it; then it is gone for good.
        </p>
        <Button kind="danger" onClick={() => setAsking(true)}>
          Delete this project…
        </Button>
      </div>
      {asking && <DeleteDialog onClose={() => setAsking(false)} />}
    </Section>
  )
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const project = useProject()
  const [typed, setTyped] = useState('')
  const [tried, setTried] = useState(false)
  const end = useEndProject(project.slug)
  const matches = typed.trim() === project.name.trim()
  return (
    <Dialog
      title={`Delete “${project.name}”?`}
      onClose={onClose}
      onSubmit={() => {
        setTried(true)
        if (matches) end.mutate('delete')
      }}
      footer={
        <>
          <Button onClick={onClose}>Keep the project</Button>
          <Button kind="danger" type="submit" disabled={end.isPending}>
            {end.isPending ? 'Deleting…' : 'Delete the project'}
          </Button>
        </>
      }
    >
      <div className={styles.confirm}>
        <ul>
          <li>Particles, labels, models and exports are hidden at once; running jobs are stopped.</li>
          <li>Its owners can restore all of it until the time is over.</li>
          <li>After that, rows and files are deleted. Only the audit log remembers it.</li>
        </ul>
        <TextField
          label={`Type the project’s name, ${project.name}, to go on`}
          value={typed}
          onChange={setTyped}
          error={tried && !matches ? 'This is not its name.' : null}
          autoComplete="off"
          spellCheck={false}
        />
        {end.error && <ErrorNotice error={end.error} />}
      </div>
    </Dialog>
  )
}
