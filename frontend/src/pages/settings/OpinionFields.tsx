import { useQuery } from '@tanstack/react-query'
import { type LabelRule, type LabelRulePreview, labelRuleQuery } from '../../api/projectSettings'
import { useProject } from '../../app/projectContext'
import { ChoiceField } from '../../design/Field'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { formatCount, formatPlural } from '../../format/numbers'
import { type FieldsProps, NumberSetting } from './ProjectFields'
import styles from './ProjectSettingsPage.module.css'

const RULES: { id: LabelRule; title: string; description: string }[] = [
  { id: 'single', title: 'The newest', description: 'The last opinion counts. Right for one person alone.' },
  { id: 'majority', title: 'The majority', description: 'What most people say; a tie becomes “unsure”.' },
  {
    id: 'dawid-skene',
    title: 'Weighed by reliability',
    description: 'What is most probable, given how often each person is right (Dawid–Skene).',
  },
  {
    id: 'crowdlab',
    title: 'Weighed, with the model',
    description: 'The same, with the newest model as a further voice (CROWDLAB).',
  },
]

export function OpinionFields(props: FieldsProps) {
  const { draft, edit } = props
  const project = useProject()
  const now = project.settings.label_rule ?? 'single'
  return (
    <Section
      title="Several opinions"
      intro="Asking several people about the same particles, each without knowing of the others, tells how far the labels can be trusted."
    >
      <div className={styles.fields}>
        <div className={styles.numbers}>
          <NumberSetting
            {...props}
            name="overlap_share"
            label="Asked of several people, %"
            hint="Of what is queued from now on."
          />
          <NumberSetting {...props} name="overlap_opinions" label="People per particle" />
        </div>
        <ChoiceField
          label="What makes one label of several opinions"
          hint="What a curator has settled in review always wins."
          choices={RULES}
          value={draft.label_rule}
          onChange={(id) => edit({ label_rule: id as LabelRule })}
        />
        {draft.label_rule !== now && <Consequence rule={draft.label_rule} />}
      </div>
    </Section>
  )
}

/** What would change, before it is saved. */
function Consequence({ rule }: { rule: LabelRule }) {
  const project = useProject()
  const preview = useQuery(labelRuleQuery(project.slug, rule))
  if (preview.error) return <ErrorNotice error={preview.error} />
  if (preview.data === undefined) return <Skeleton label="Working out what would change" lines={2} />
  const { changed, labels, training_labels_before, training_labels_after, changes, note } = preview.data
  const className = (id: string) => project.classes.find((each) => each.id === id)?.name ?? 'a class'
  return (
    <Notice
      tone={changed > 0 ? 'warn' : 'neutral'}
      title={
        changed === 0
          ? 'No label would change'
          : `${formatPlural(changed, 'label')} of ${formatCount(labels)} would change`
      }
    >
      <div className={styles.preview}>
        {changed > 0 && (
          <ul>
            {changes.slice(0, 5).map(({ before, after, count }) => (
              <li key={`${describe(before, className)}-${describe(after, className)}`}>
                {formatCount(count)} from {describe(before, className)} to {describe(after, className)}
              </li>
            ))}
          </ul>
        )}
        <p>
          Labels to train on: {formatCount(training_labels_before)} now, {formatCount(training_labels_after)}{' '}
          then. No opinion is lost; you can change the rule back.
        </p>
        {note !== null && <p>{note}</p>}
      </div>
    </Notice>
  )
}

type Label = LabelRulePreview['changes'][number]['before']

function describe(label: Label, className: (id: string) => string): string {
  if (label === null) return 'no label'
  return label.kind === 'class' && label.class_id !== null ? `“${className(label.class_id)}”` : label.kind
}
