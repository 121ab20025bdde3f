import { CheckField } from '../../design/CheckField'
import { Disclosure } from '../../design/Disclosure'
import { TextArea } from '../../design/Field'
import { SelectField } from '../../design/SelectField'
import { SliderField } from '../../design/SliderField'
import type { ExportPreview } from '../../api/types'
import { formatPercent } from '../../format/numbers'
import { ClassTable } from './ClassTable'
import styles from './ExportPage.module.css'
import { type ClassesFrom, DECIDERS, type DecidedBy, type ExportForm } from './exportForm'
import { ThresholdTable } from './ThresholdTable'

const FROM: { value: ClassesFrom; title: string }[] = [
  { value: 'labels-else-predictions', title: 'People’s labels, else the model’s predictions' },
  { value: 'labels', title: 'People’s labels only' },
  { value: 'predictions', title: 'The model’s predictions only' },
]

const WHO: Record<DecidedBy, string> = {
  expert: 'Experts here',
  importer: 'Labels that were imported',
  model: 'The model',
}

/** Which particles: their classes, who decided, how sure. */
export function ParticleChoice({
  form,
  all,
  selected,
  onChange,
}: {
  form: ExportForm
  /** Counts with every filter but the classes. */
  all: ExportPreview
  /** Counts with every filter. */
  selected: ExportPreview | undefined
  onChange: (changes: Partial<ExportForm>) => void
}) {
  const decide = (who: DecidedBy, on: boolean) =>
    onChange({ decidedBy: DECIDERS.filter((each) => (each === who ? on : form.decidedBy.includes(each))) })
  return (
    <div className={styles.fields}>
      <SelectField
        label="Take the class from"
        options={FROM}
        value={form.classesFrom}
        onChange={(from) => onChange({ classesFrom: from as ClassesFrom })}
      />
      <ClassTable counts={all.classes} chosen={form.classes} onChange={(classes) => onChange({ classes })} />
      {all.predictions.kind !== 'none' && form.classesFrom !== 'labels' && (
        <div className={styles.threshold}>
          <SliderField
            label="The model is at least this sure"
            hint="Of what people decided, nothing is left out by this."
            min={0}
            max={0.99}
            step={0.01}
            value={form.confidence}
            text={form.confidence === 0 ? 'any' : formatPercent(form.confidence)}
            onChange={(confidence) => onChange({ confidence })}
          />
          {selected && (
            <ThresholdTable
              rows={selected.thresholds}
              current={form.confidence}
              onChoose={(confidence) => onChange({ confidence })}
            />
          )}
        </div>
      )}
      <Disclosure summary="More filters">
        <div className={styles.fields}>
          <fieldset className={styles.checks}>
            <legend>Decided by</legend>
            {DECIDERS.map((who) => (
              <CheckField
                key={who}
                label={WHO[who]}
                checked={form.decidedBy.includes(who)}
                onChange={(on) => decide(who, on)}
              />
            ))}
          </fieldset>
          <SliderField
            label="At least this share of opinions agrees"
            hint="Of particles that several people looked at."
            min={0}
            max={1}
            step={0.05}
            value={form.agreement}
            text={form.agreement === 0 ? 'any' : formatPercent(form.agreement)}
            onChange={(agreement) => onChange({ agreement })}
          />
          {all.predictions.kind === 'cycle' && (
            <SliderField
              label="At most this unlike all classes"
              hint="Of what the model decided. 95 %: of the classes’ own particles at most 5 % are left out, and more of what is none of them."
              min={0.5}
              max={1}
              step={0.01}
              value={form.maxUnlike}
              text={form.maxUnlike === 1 ? 'any' : formatPercent(form.maxUnlike)}
              onChange={(maxUnlike) => onChange({ maxUnlike })}
            />
          )}
          <div className={styles.pair}>
            <TextArea
              label="Only these tomograms"
              hint="One a line; empty: all."
              value={form.tomograms}
              onChange={(tomograms) => onChange({ tomograms })}
              rows={3}
            />
            <TextArea
              label="Only looked at by"
              hint="Sign-in names, one a line; empty: anyone."
              value={form.annotators}
              onChange={(annotators) => onChange({ annotators })}
              rows={3}
            />
          </div>
        </div>
      </Disclosure>
    </div>
  )
}
