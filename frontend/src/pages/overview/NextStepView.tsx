import type { Progress, Project } from '../../api/types'
import { allows } from '../../app/projectContext'
import { ButtonLink } from '../../design/Button'
import { Meter } from '../../design/Meter'
import { formatCount, share } from '../../format/numbers'
import { LaunchButton } from '../cycles/LaunchButton'
import { readiness } from '../cycles/launchRules'
import styles from './NextStepView.module.css'

/** What to do next in one sentence, with the button that does it. */
export function NextStepView({
  project,
  progress,
  cycleActive,
}: {
  project: Project
  progress: Progress
  cycleActive: boolean
}) {
  const [first, rest] = splitSentence(progress.next_step.text)
  return (
    <div className={styles.next} data-tour="next-step">
      <div className={styles.words}>
        <p className={styles.sentence}>{first}</p>
        {rest && <p className={styles.rest}>{rest}</p>}
        <Batch progress={progress} />
      </div>
      <div className={styles.actions}>
        <NextStepActions project={project} progress={progress} cycleActive={cycleActive} />
      </div>
    </div>
  )
}

/** The first sentence, and what follows it. A colon ends a sentence too: what comes after it explains. */
export function splitSentence(text: string): [string, string] {
  const end = /[.:!?](?=\s)/.exec(text)
  if (end === null) return [text, '']
  const first = text.slice(0, end.index).concat(end[0] === ':' ? '.' : end[0])
  const rest = text.slice(end.index + 1).trim()
  return [first, rest.charAt(0).toUpperCase() + rest.slice(1)]
}

/** The buttons of the next step, the one that does it first. */
export function NextStepActions({
  project,
  progress,
  cycleActive,
}: {
  project: Project
  progress: Progress
  cycleActive: boolean
}) {
  const { action } = progress.next_step
  const mayLabel = allows(project.role, 'annotator') && progress.pool_size > 0
  const mayLaunch = allows(project.role, 'curator') && !cycleActive
  const label = mayLabel && (
    <ButtonLink
      key="label"
      kind={action === 'label' ? 'primary' : 'secondary'}
      size="large"
      icon="label"
      to={`/projects/${project.slug}/label`}
    >
      Label particles
    </ButtonLink>
  )
  const launch = mayLaunch && (action === 'launch' || readiness(progress).missing === null) && (
    <LaunchButton
      key="launch"
      project={project}
      kind={action === 'launch' ? 'primary' : 'secondary'}
      size="large"
    />
  )
  if (action === 'import' && allows(project.role, 'curator')) {
    return (
      <ButtonLink kind="primary" size="large" icon="file" to={`/projects/${project.slug}/data`}>
        Import particles
      </ButtonLink>
    )
  }
  if (action === 'export' && allows(project.role, 'curator')) {
    return [
      <ButtonLink
        key="export"
        kind="primary"
        size="large"
        icon="file"
        to={`/projects/${project.slug}/export`}
      >
        Export particles
      </ButtonLink>,
      launch,
    ]
  }
  return action === 'launch' ? [launch, label] : [label, launch]
}

function Batch({ progress }: { progress: Progress }) {
  const { batch_total: total, batch_done: done, batch_cycle_number: cycle } = progress.queue
  if (total === 0) return null
  return (
    <div className={styles.batch}>
      <span>
        {cycle === null ? 'First batch, drawn at random' : `Batch picked by cycle ${cycle}`}:{' '}
        {formatCount(done)} of {formatCount(total)} labeled
      </span>
      <Meter label="Labeled of this batch" value={share(done, total) ?? 0} />
    </div>
  )
}
