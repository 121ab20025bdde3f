import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type ClassInSet,
  type ClassSetChangeBody,
  consequenceQuery,
  type RetiredClass,
  useChangeClassSet,
} from '../../../api/classSet'
import { useProject } from '../../../app/projectContext'
import { Button } from '../../../design/Button'
import { CheckField } from '../../../design/CheckField'
import { Dialog } from '../../../design/Dialog'
import { TextField } from '../../../design/Field'
import { ErrorNotice } from '../../../design/Notice'
import { SelectField } from '../../../design/SelectField'
import { Skeleton } from '../../../design/Skeleton'
import { showToast } from '../../../design/Toast'
import styles from './ClassesPage.module.css'

/** What is to be done with which class. */
export type Deed =
  { kind: 'merge' | 'split' | 'retire'; row: ClassInSet } | { kind: 'restore'; row: RetiredClass }

const TITLES = { merge: 'Merge', split: 'Split', retire: 'Retire', restore: 'Restore' }

/** Asks how, shows what it would do, and does it. */
export function ConsequenceDialog({
  deed,
  classes,
  onClose,
}: {
  deed: Deed
  classes: ClassInSet[]
  onClose: () => void
}) {
  const project = useProject()
  const others = classes.filter(({ id }) => id !== deed.row.id)
  const [into, setInto] = useState(others[0]?.id ?? '')
  const [names, setNames] = useState('')
  const [ticked, setTicked] = useState(false)
  const body = bodyFor(deed, into, names, ticked)
  const consequence = useQuery({
    ...consequenceQuery(project.slug, body ?? { kind: 'restore', class_id: deed.row.id }),
    enabled: body !== null,
  })
  const change = useChangeClassSet(project)
  const title = `${TITLES[deed.kind]} ${deed.row.name}`
  const apply = () => {
    if (body === null) return
    change.mutate(body, {
      onSuccess: () => {
        showToast(`${title}: done.`)
        onClose()
      },
    })
  }
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={apply}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind={deed.kind === 'restore' ? 'primary' : 'danger'}
            type="submit"
            disabled={change.isPending || body === null || !consequence.isSuccess}
          >
            {TITLES[deed.kind]}
          </Button>
        </>
      }
    >
      <div className={styles.fields}>
        {deed.kind === 'merge' && (
          <SelectField
            label="Its labels count as"
            value={into}
            onChange={setInto}
            options={others.map(({ id, name }) => ({ value: id, title: name }))}
          />
        )}
        {deed.kind === 'split' && (
          <TextField
            label="New classes"
            hint="Their names, with commas between."
            value={names}
            onChange={setNames}
          />
        )}
        {deed.kind === 'split' && (
          <CheckField
            label={`Keep ${deed.row.name} too`}
            hint="Its labels stay until they are given anew."
            checked={ticked}
            onChange={setTicked}
          />
        )}
        {deed.kind === 'retire' && (
          <CheckField label="Ask about its particles again" checked={ticked} onChange={setTicked} />
        )}
        <div role="status">
          {consequence.isFetching && <Skeleton label="Counting what is concerned" lines={2} />}
          {consequence.isSuccess && !consequence.isFetching && (
            <ul className={styles.sentences}>
              {consequence.data.sentences.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          )}
        </div>
      </div>
      {consequence.error && <ErrorNotice error={consequence.error} />}
      {change.error && <ErrorNotice error={change.error} />}
    </Dialog>
  )
}

/** The change as the service takes it; null while something is missing. */
function bodyFor(deed: Deed, into: string, names: string, ticked: boolean): ClassSetChangeBody | null {
  const about = { class_id: deed.row.id }
  switch (deed.kind) {
    case 'merge':
      return into === '' ? null : { kind: 'merge', ...about, into_id: into }
    case 'retire':
      return { kind: 'retire', ...about, ask_again: ticked }
    case 'restore':
      return { kind: 'restore', ...about }
    case 'split': {
      const parts = names
        .split(',')
        .map((name) => ({ name: name.trim(), description: '' }))
        .filter(({ name }) => name !== '')
      return parts.length === 0 ? null : { kind: 'split', ...about, into: parts, keep: ticked }
    }
  }
}
