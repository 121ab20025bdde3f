import { useState } from 'react'
import { useChangeProject } from '../../api/projectSettings'
import { useProject } from '../../app/projectContext'
import { Button } from '../../design/Button'
import { ErrorNotice, Notice } from '../../design/Notice'
import { showToast } from '../../design/Toast'
import people from '../people/people.module.css'
import { DeleteProject } from './DeleteProject'
import { changesOf, type Draft, draftErrors, draftOf } from './projectDraft'
import { OpinionFields } from './OpinionFields'
import { PauseQueue } from './PauseQueue'
import { AboutFields, SamplingFields } from './ProjectFields'
import styles from './ProjectSettingsPage.module.css'
import { SettingsFrame } from './SettingsFrame'

/** How the project is called, samples and asks; pausing its queue; its end. */
export default function ProjectSettingsPage() {
  return (
    <SettingsFrame title="Project settings">
      <Settings />
    </SettingsFrame>
  )
}

function Settings() {
  const project = useProject()
  // What the fields began with. Somebody else's change must not slip in under what is typed here.
  const [base, setBase] = useState(project)
  const [draft, setDraft] = useState<Draft>(() => draftOf(project))
  const change = useChangeProject(base)
  const errors = draftErrors(draft)
  const changes = changesOf(base, draft)
  const edit = (part: Partial<Draft>) => {
    if (change.isError) change.reset()
    setDraft({ ...draft, ...part })
  }
  const startAnew = () => {
    change.reset()
    setBase(project)
    setDraft(draftOf(project))
  }
  const save = () =>
    changes !== null &&
    change.mutate(changes, {
      onSuccess: (changed) => {
        setBase(changed)
        setDraft(draftOf(changed))
        showToast('Saved.')
      },
    })
  const changedByOthers = project.version > base.version && !change.isPending

  return (
    <div className={people.parts}>
      <form
        className={styles.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (Object.keys(errors).length === 0) save()
        }}
      >
        <AboutFields draft={draft} errors={errors} edit={edit} />
        <SamplingFields draft={draft} errors={errors} edit={edit} />
        <OpinionFields draft={draft} errors={errors} edit={edit} />
        <div className={styles.save}>
          {changedByOthers ? (
            <Notice
              tone="warn"
              title="Somebody else has changed these settings"
              actions={<Button onClick={startAnew}>Show them as they are now</Button>}
            >
              Nothing of yours was saved. Look at theirs first, then make your change again.
            </Notice>
          ) : (
            change.error && <ErrorNotice error={change.error} />
          )}
          <div className={people.row}>
            <Button
              kind="primary"
              type="submit"
              disabled={
                changes === null || Object.keys(errors).length > 0 || change.isPending || changedByOthers
              }
            >
              {change.isPending ? 'Saving…' : 'Save changes'}
            </Button>
            {changes !== null && !changedByOthers && (
              <Button kind="quiet" icon="undo" onClick={startAnew}>
                Undo changes
              </Button>
            )}
          </div>
        </div>
      </form>
      <PauseQueue />
      <DeleteProject />
    </div>
  )
}
