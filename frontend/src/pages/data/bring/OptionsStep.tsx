import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { catalogueQuery } from '../../../api/queries'
import { Button } from '../../../design/Button'
import { CheckField } from '../../../design/CheckField'
import { TextField } from '../../../design/Field'
import { SelectField } from '../../../design/SelectField'
import styles from './BringData.module.css'
import { type BringOptions, type FilesChoice, optionErrors } from './bringForm'
import { TomogramFields } from './TomogramFields'

/** How the files are read, where they do not say it themselves. */
export function OptionsStep({
  files,
  recognised,
  hasPool,
  options,
  onLook,
}: {
  files: FilesChoice
  /** Title of the format found, if any. */
  recognised: string | null
  /** Whether the project has particles whose voxels could be replaced. */
  hasPool: boolean
  options: BringOptions
  onLook: (options: BringOptions) => void
}) {
  const { data: catalogue } = useQuery(catalogueQuery)
  const [draft, setDraft] = useState(options)
  const [tried, setTried] = useState(false)
  const errors = optionErrors(draft, files)
  const shown = tried ? errors : {}
  const set = (changes: Partial<BringOptions>) => setDraft({ ...draft, ...changes })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(errors).length === 0) onLook(draft)
  }
  return (
    <form className={styles.fields} noValidate onSubmit={submit}>
      <div className={styles.pair}>
        <SelectField
          label="Format"
          options={[
            { value: '', title: recognised === null ? 'Recognised by itself' : `Recognised: ${recognised}` },
            ...(catalogue?.list_formats ?? []).map(({ key, title }) => ({ value: key, title })),
          ]}
          value={draft.format}
          onChange={(format) => set({ format })}
        />
        <TextField
          label="Å per voxel"
          hint={
            draft.cuts
              ? 'Of the voxels the coordinates count. Empty: as the list or the tomograms say.'
              : 'Empty: as the files say.'
          }
          value={draft.voxelSize}
          onChange={(voxelSize) => set({ voxelSize })}
          error={shown.voxelSize ?? null}
          inputMode="decimal"
          short
        />
      </div>
      <CheckField
        label="Cut the particles out of tomograms"
        hint="For lists of coordinates: a box is cut around each position."
        checked={draft.cuts}
        onChange={(cuts) => set({ cuts })}
      />
      {draft.cuts && <TomogramFields files={files} options={draft} errors={shown} onChange={set} />}
      {hasPool && (
        <CheckField
          label="Give particles that are in the pool already these voxels instead"
          hint="To change the box or the voxel size of the whole project. The list must hold every particle of it; labels stay."
          checked={draft.replaces}
          onChange={(replaces) => set({ replaces })}
        />
      )}
      <div className={styles.actions}>
        <Button kind="primary" type="submit">
          Look again
        </Button>
      </div>
    </form>
  )
}
