import { useState } from 'react'
import {
  type ClassInSet,
  type ClassPatch,
  useAddClass,
  useChangeClass,
  useChangeExample,
} from '../../../api/classSet'
import { useProject } from '../../../app/projectContext'
import { Button, IconButton } from '../../../design/Button'
import { Dialog } from '../../../design/Dialog'
import { TextArea, TextField } from '../../../design/Field'
import { ErrorNotice } from '../../../design/Notice'
import { SelectField } from '../../../design/SelectField'
import { showToast } from '../../../design/Toast'
import styles from './ClassesPage.module.css'
import { ExampleSlices } from './ExampleSlices'

const KEYS = '123456789'.split('')

/** A new class (`edited` null), or the name, colour, key, place, guidelines and examples of one. */
export function ClassDialog({
  edited,
  place,
  places,
  onClose,
}: {
  edited: ClassInSet | null
  place: number
  places: number
  onClose: () => void
}) {
  const project = useProject()
  const add = useAddClass(project)
  const change = useChangeClass(project)
  const [draft, setDraft] = useState(() => ({
    name: edited?.name ?? '',
    color: edited?.color ?? '',
    hotkey: edited?.hotkey ?? '',
    place: String(place),
    description: edited?.description ?? '',
  }))
  const set = (field: keyof typeof draft) => (value: string) => setDraft({ ...draft, [field]: value })
  const tooLong = draft.description.length > 4000 ? 'Guidelines have at most 4,000 characters.' : null
  const done = () => {
    showToast(`${draft.name} is saved.`)
    onClose()
  }
  const save = () => {
    if (draft.name.trim() === '' || tooLong !== null) return
    if (edited === null) {
      const { name, description, color } = draft
      add.mutate({ name, description, ...(color && { color }) }, { onSuccess: done })
    } else {
      change.mutate({ id: edited.id, ...changesOf(edited, place, draft) }, { onSuccess: done })
    }
  }
  const error = add.error ?? change.error
  return (
    <Dialog
      title={edited === null ? 'Add a class' : `Edit ${edited.name}`}
      onClose={onClose}
      onSubmit={save}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={add.isPending || change.isPending}>
            Save
          </Button>
        </>
      }
    >
      <div className={styles.fields}>
        <TextField label="Name" value={draft.name} onChange={set('name')} maxLength={80} />
        <TextField
          label="Colour"
          type={draft.color === '' ? 'text' : 'color'}
          {...(edited === null && { hint: 'Left empty: the next free colour. Or like #0072b2.' })}
          short
          value={draft.color}
          onChange={set('color')}
        />
        {edited !== null && (
          <>
            <SelectField
              label="Key"
              hint="Another class that has it gives it up."
              short
              value={draft.hotkey}
              onChange={set('hotkey')}
              options={[
                ...(edited.hotkey === null ? [{ value: '', title: 'none' }] : []),
                ...KEYS.map((key) => ({ value: key, title: key })),
              ]}
            />
            <SelectField
              label="Place in lists"
              short
              value={draft.place}
              onChange={set('place')}
              options={Array.from({ length: places }, (_, at) => ({
                value: String(at),
                title: String(at + 1),
              }))}
            />
          </>
        )}
        <TextArea
          label="Guidelines"
          hint="What annotators read beside the volume: what to look for, what to leave out."
          rows={6}
          error={tooLong}
          value={draft.description}
          onChange={set('description')}
        />
        {edited !== null && <Examples edited={edited} />}
      </div>
      {error && <ErrorNotice error={error} />}
    </Dialog>
  )
}

function changesOf(
  edited: ClassInSet,
  place: number,
  draft: { name: string; color: string; hotkey: string; place: string; description: string },
): ClassPatch {
  return {
    ...(draft.name !== edited.name && { name: draft.name }),
    ...(draft.color !== edited.color && { color: draft.color }),
    ...(draft.hotkey !== (edited.hotkey ?? '') && { hotkey: draft.hotkey }),
    ...(draft.place !== String(place) && { place: Number(draft.place) }),
    ...(draft.description !== edited.description && { description: draft.description }),
  }
}

/** Examples are kept at once, whatever becomes of the form. */
function Examples({ edited }: { edited: ClassInSet }) {
  const change = useChangeExample(useProject())
  const [id, setId] = useState('')
  const subtomogramId = /^\d{1,15}$/.test(id.trim()) ? Number(id) : null
  const add = () => {
    if (subtomogramId === null) return
    change.mutate({ classId: edited.id, subtomogramId, deed: 'add' }, { onSuccess: () => setId('') })
  }
  return (
    <div>
      <TextField
        label="Add a reference example"
        hint="The number of a subtomogram; twelve at most, none of the evaluation sample."
        short
        inputMode="numeric"
        value={id}
        onChange={setId}
      />
      <Button size="small" disabled={subtomogramId === null || change.isPending} onClick={add}>
        Add the example
      </Button>
      <ExampleSlices
        ids={edited.examples}
        label={`Examples of ${edited.name}`}
        under={(example) => (
          <IconButton
            icon="close"
            size="small"
            label={`Remove example ${example}`}
            onClick={() => change.mutate({ classId: edited.id, subtomogramId: example, deed: 'remove' })}
          />
        )}
      />
      {change.error && <ErrorNotice error={change.error} />}
    </div>
  )
}
