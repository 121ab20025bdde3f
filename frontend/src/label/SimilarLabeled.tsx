/** The labeled particles that look most like one: a second look at the last decision, or a help before it. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, type ReactElement } from 'react'
import { similarQuery } from '../api/particles'
import { useDwell } from '../design/useDwell'
import { formatPercent } from '../format/numbers'
import { CentralSlicePicture } from '../viewer/CentralSlicePicture'
import type { Project, SubtomogramBrief, Task } from './api'
import { choiceName, CHOICE_NAMES, type Choice, type LabelSession, type PastDecision } from './LabelSession'
import styles from './SimilarLabeled.module.css'
import { OPEN_WORK } from './suggestions'

/** Who decides faster than this does not look at it, and nothing is loaded. */
const DWELL_MS = 700
const SHOWN = 6

interface SimilarLabeledProps {
  readonly project: Project
  readonly session: LabelSession
  readonly task: Task
  /** Newest last. */
  readonly history: readonly PastDecision[]
}

/**
 * Of the item on screen where the project always shows suggestions, else of the last decided one. Mounted once an item
 * is painted and gone with its decision, so that loading never comes before painting.
 */
export function SimilarLabeled({
  project,
  session,
  task,
  history,
}: SimilarLabeledProps): ReactElement | null {
  const dwelt = useDwell(task.subtomogram.id, DWELL_MS)
  const last = history.at(-1)
  switch (project.settings.suggestions) {
    case 'never':
      return null
    case 'always':
      if (!dwelt || !OPEN_WORK.has(task.work)) return null
      return <Strip project={project} session={session} particle={task.subtomogram} said={null} />
    default:
      if (!dwelt || last === undefined || !isSettled(last)) return null
      return <Strip project={project} session={session} particle={last.task.subtomogram} said={last.choice} />
  }
}

/** Stored, and of a kind that the service then tells about. */
function isSettled({ answer, task, choice }: PastDecision): boolean {
  return (answer === 'accepted' || answer === 'late') && OPEN_WORK.has(task.work) && choice.kind !== 'skip'
}

function Strip({
  project,
  session,
  particle,
  said,
}: {
  readonly project: Project
  readonly session: LabelSession
  readonly particle: SubtomogramBrief
  /** What was decided; null before. */
  readonly said: Choice | null
}): ReactElement | null {
  const { data } = useQuery({ ...similarQuery(project.slug, particle.id, SHOWN), retry: false })
  const isSeen = data !== undefined && data.labeled.length > 0
  // Decided again, its decision says that it was seen before.
  useEffect(() => {
    if (isSeen) session.onSuggestion(particle.id)
  }, [session, isSeen, particle.id])
  if (!isSeen) return null
  const names = data.labeled.map(({ label }) => labelName(label, project))
  return (
    <figure className={styles.figure} aria-label="Most similar labeled particles">
      <figcaption>{said === null ? 'Most similar of the labeled' : summary(said, names)}</figcaption>
      <ul className={styles.strip}>
        {data.labeled.map(({ id, name, volume_url: url, similarity, label }, place) => (
          <li key={id} title={`${name}: ${names[place]}, ${formatPercent(Math.max(0, similarity))} alike`}>
            <CentralSlicePicture
              url={url}
              label={`${name}, labeled ${names[place]}`}
              className={styles.slice}
            />
            <span className={styles.label}>
              <span className={styles.swatch} style={{ background: colourOf(label, project) }} />
              {names[place]}
            </span>
          </li>
        ))}
      </ul>
    </figure>
  )
}

interface SaidOf {
  readonly kind: 'class' | 'unsure' | 'junk' | 'skip'
  readonly class_id: string | null
}

function labelName(label: SaidOf | null, { classes }: Project): string {
  if (label === null) return 'no label'
  if (label.kind !== 'class') return CHOICE_NAMES[label.kind]
  return classes.find(({ id }) => id === label.class_id)?.name ?? 'a class that is retired'
}

function colourOf(label: SaidOf | null, { classes }: Project): string {
  return classes.find(({ id }) => id === label?.class_id)?.color ?? 'var(--text-faint)'
}

/** How the last answer stands beside those of its look-alikes. */
function summary(said: Choice, names: readonly string[]): string {
  const answer = choiceName(said)
  const same = names.filter((name) => name === answer).length
  const rest = said.kind === 'unsure' ? '' : `, ${same} of ${names.length} have the same label`
  return `Most like the last one (${answer})${rest}`
}
