import { CheckField } from '../../design/CheckField'
import { ChoiceField, TextArea, TextField } from '../../design/Field'
import { Section } from '../../design/Section'
import type { Draft, DraftErrors, NumberName, Suggestions } from './projectDraft'
import styles from './ProjectSettingsPage.module.css'

export interface FieldsProps {
  draft: Draft
  errors: DraftErrors
  edit: (part: Partial<Draft>) => void
}

const CONTRASTS = [
  {
    id: 'dark',
    title: 'Dark',
    description: 'Protein is darker than its surroundings, as in most tomograms.',
  },
  { id: 'bright', title: 'Bright', description: 'The volumes were inverted: protein is brighter.' },
]

const SUGGESTIONS: { id: Suggestions; title: string; description: string }[] = [
  {
    id: 'after-deciding',
    title: 'After deciding',
    description: 'Beside the stored answer. It cannot colour what people say.',
  },
  {
    id: 'always',
    title: 'Always',
    description: 'Beside the buttons, before deciding. Faster, and people tend to follow the model.',
  },
  { id: 'never', title: 'Never', description: 'Nobody sees it while labeling.' },
]

export function AboutFields({ draft, errors, edit }: FieldsProps) {
  return (
    <Section title="The project">
      <div className={styles.fields}>
        <TextField
          label="Name"
          value={draft.name}
          onChange={(name) => edit({ name })}
          error={errors.name ?? null}
          maxLength={120}
        />
        <TextArea
          label="Description"
          value={draft.description}
          onChange={(description) => edit({ description })}
          rows={3}
        />
        <ChoiceField
          label="Protein in the volumes"
          choices={CONTRASTS}
          value={draft.protein_contrast}
          onChange={(id) => edit({ protein_contrast: id === 'bright' ? 'bright' : 'dark' })}
        />
      </div>
    </Section>
  )
}

export function SamplingFields(props: FieldsProps) {
  const { draft, edit } = props
  return (
    <Section
      title="What is asked"
      intro="Batches and the evaluation sample. Changes hold for the next batch and the next import."
    >
      <div className={styles.fields}>
        <div className={styles.numbers}>
          <NumberSetting {...props} name="batch_size" label="Particles per batch" />
          <NumberSetting
            {...props}
            name="interleave"
            label="Picks per evaluation particle"
            hint="After so many picks, one of the evaluation sample."
          />
          <NumberSetting
            {...props}
            name="evaluation_fraction"
            label="Evaluation sample, % of the pool"
            hint="Drawn at random to measure accuracy."
          />
          <NumberSetting {...props} name="evaluation_minimum" label="Sample: at least" />
          <NumberSetting {...props} name="evaluation_maximum" label="Sample: at most" />
        </div>
        <CheckField
          label="Go on with random particles when a batch is used up"
          hint="Otherwise the label page says that the batch is done."
          checked={draft.when_empty === 'random'}
          onChange={(checked) => edit({ when_empty: checked ? 'random' : 'ask' })}
        />
        <ChoiceField
          label="What the model suggests, on the label page"
          hint="Never for the evaluation sample and for second opinions: these are decided blind."
          choices={SUGGESTIONS}
          value={draft.suggestions}
          onChange={(id) => edit({ suggestions: id as Suggestions })}
        />
      </div>
    </Section>
  )
}

/** One number of the settings. */
export function NumberSetting({
  draft,
  errors,
  edit,
  name,
  label,
  hint,
}: FieldsProps & { name: NumberName; label: string; hint?: string }) {
  return (
    <TextField
      label={label}
      {...(hint === undefined ? {} : { hint })}
      inputMode="decimal"
      short
      value={draft[name]}
      onChange={(text) => edit({ [name]: text })}
      error={errors[name] ?? null}
    />
  )
}
