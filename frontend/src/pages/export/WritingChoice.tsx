import { useQuery } from '@tanstack/react-query'
import { exportFormatsQuery } from '../../api/queries'
import { CheckField } from '../../design/CheckField'
import { type Choice, ChoiceField, TextField } from '../../design/Field'
import { SelectField } from '../../design/SelectField'
import styles from './ExportPage.module.css'
import {
  canRewriteImages,
  type ExportForm,
  type ExtraColumn,
  type Layout,
  type Volumes,
  wedgeError,
} from './exportForm'

const LAYOUTS: (Choice & { id: Layout })[] = [
  { id: 'one-file', title: 'One file', description: 'All chosen particles together.' },
  { id: 'per-class', title: 'A file for each class', description: 'For refining each class on its own.' },
  {
    id: 'selection-and-rest',
    title: 'The selection, and the rest',
    description: 'Two files: the particles chosen above, and all others of the project.',
  },
]

const COLUMNS: { column: ExtraColumn; title: string }[] = [
  { column: 'label', title: 'Label' },
  { column: 'decided-by', title: 'Who decided' },
  { column: 'confidence', title: 'Confidence' },
  { column: 'predicted-class', title: 'Predicted class' },
  { column: 'annotators', title: 'Annotators' },
  { column: 'agreement', title: 'Agreement' },
]

const VOLUMES: { value: Volumes; title: string }[] = [
  { value: 'none', title: 'None: the list alone' },
  { value: 'mrc-cubes', title: '.mrc, one file a particle' },
  { value: 'mrc-stack', title: '.mrcs, one stack' },
  { value: 'ome-zarr', title: 'OME-Zarr' },
]

/** How the chosen particles are written. */
export function WritingChoice({
  slug,
  form,
  onChange,
}: {
  slug: string
  form: ExportForm
  onChange: (changes: Partial<ExportForm>) => void
}) {
  const { data: formats } = useQuery(exportFormatsQuery(slug))
  const toggle = (column: ExtraColumn, on: boolean) =>
    onChange({
      columns: COLUMNS.map((each) => each.column).filter((each) =>
        each === column ? on : form.columns.includes(each),
      ),
    })
  return (
    <div className={styles.fields}>
      <div className={styles.pair}>
        <SelectField
          label="Format"
          hint={form.format === 'source' ? 'Every column of your list stays in its place.' : ''}
          options={(formats ?? [{ key: 'source', title: 'As imported' }]).map(({ key, title }) => ({
            value: key,
            title,
          }))}
          value={form.format}
          onChange={(format) => onChange({ format })}
        />
        <SelectField
          label="Volumes"
          options={VOLUMES}
          value={form.volumes}
          onChange={(volumes) => onChange({ volumes: volumes as Volumes })}
        />
      </div>
      {canRewriteImages(form) && (
        <CheckField
          label="Let the list name the exported volumes"
          hint="rlnImageName then names these files instead of the ones you imported."
          checked={form.rewritesImages}
          onChange={(rewritesImages) => onChange({ rewritesImages })}
        />
      )}
      <ChoiceField
        label="Files"
        choices={LAYOUTS}
        value={form.layout}
        onChange={(layout) => onChange({ layout: layout as Layout })}
      />
      <fieldset className={styles.checks}>
        <legend>Columns to add</legend>
        {COLUMNS.map(({ column, title }) => (
          <CheckField
            key={column}
            label={title}
            checked={form.columns.includes(column)}
            onChange={(on) => toggle(column, on)}
          />
        ))}
      </fieldset>
      <CheckField
        label="Write the class’s number into the list’s class column"
        hint="rlnClassNumber or its like; classes.star beside it says which number is which class."
        checked={form.setsClassNumber}
        onChange={(setsClassNumber) => onChange({ setsClassNumber })}
      />
      <CheckField
        label="Also write the average of each class"
        hint="Turned by the list’s angles, as .mrc."
        checked={form.classSums}
        onChange={(classSums) => onChange({ classSums })}
      />
      {form.classSums && (
        <div className={styles.nested}>
          <CheckField
            label="Make up for the missing wedge"
            checked={form.wedge}
            onChange={(wedge) => onChange({ wedge })}
          />
          {form.wedge && (
            <div className={styles.tilts}>
              <TextField
                label="Tilts from, in degrees"
                value={form.wedgeFrom}
                onChange={(wedgeFrom) => onChange({ wedgeFrom })}
                inputMode="decimal"
                short
              />
              <TextField
                label="to"
                value={form.wedgeTo}
                onChange={(wedgeTo) => onChange({ wedgeTo })}
                error={wedgeError(form)}
                inputMode="decimal"
                short
              />
            </div>
          )}
        </div>
      )}
    </div>
  )
}
