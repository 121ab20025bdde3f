import { type Choice, ChoiceField } from '../../../design/Field'
import type { ImportPreview, LabelUse, ParticleClass } from '../../../api/types'
import { formatPlural } from '../../../format/numbers'
import styles from './BringData.module.css'
import type { LabelChoice } from './bringForm'
import { ClassMapping } from './ClassMapping'
import { ImporterField } from './ImporterField'

const LEAVE_OUT: Choice = {
  id: 'ignore',
  title: 'Leave them out',
  description: 'The column is kept with each particle all the same.',
}

/** What classes that exist already can become. */
export const LABEL_USES: (Choice & { id: LabelUse })[] = [
  {
    id: 'predictions',
    title: 'As predictions to start from',
    description: 'The first batch then covers every class. People decide; nothing is trained on them.',
  },
  {
    id: 'labels',
    title: 'As labels',
    description: 'Decided already, in the name you give. A person’s decision always counts more.',
  },
  {
    id: 'evaluation-truth',
    title: 'As truth for the evaluation sample',
    description: 'For simulations and benchmarks: only the particles that measure the model get them.',
  },
]

/** What becomes of the classes a list brings. */
export function LabelFields({
  preview,
  classes,
  choice,
  importerError,
  onChange,
}: {
  preview: ImportPreview
  classes: ParticleClass[]
  choice: LabelChoice
  importerError: string | null
  onChange: (changes: Partial<LabelChoice>) => void
}) {
  const others = preview.class_value_count - preview.class_values.length
  return (
    <div className={styles.fields}>
      <ChoiceField
        label="This list has classes of its own"
        hint={`Column ${preview.class_column} with ${formatPlural(preview.class_value_count, 'value')}.`}
        choices={[LEAVE_OUT, ...LABEL_USES]}
        value={choice.use}
        onChange={(use) => onChange({ use: use as LabelChoice['use'] })}
      />
      {choice.use !== 'ignore' && (
        <>
          <ImporterField
            label="Where these classes are from"
            value={choice.importer}
            onChange={(importer) => onChange({ importer })}
            error={importerError}
          />
          <ClassMapping
            values={preview.class_values}
            classes={classes}
            mapping={choice.classes}
            onChange={(mapping) => onChange({ classes: mapping })}
          />
          {others > 0 && (
            <p className={styles.muted}>
              {formatPlural(others, 'rarer value')} not shown here: where one is not the name of a class, the
              import says so and writes nothing.
            </p>
          )}
        </>
      )}
    </div>
  )
}
