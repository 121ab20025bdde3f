/** When the page asks what the model says of a particle, and how that is put. The service holds the same rules. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, type ReactElement } from 'react'
import { modelViewQuery, type Chance, type ModelView } from '../api/modelView'
import type { Cycle } from '../api/types'
import { formatPercent } from '../format/numbers'
import type { Project, Task } from './api'
import { CHOICE_NAMES, type LabelSession, type PastDecision } from './LabelSession'
import styles from './ModelSaid.module.css'

/** Decided blind, or of the evaluation sample: never shown. */
export const OPEN_WORK: ReadonlySet<Task['work']> = new Set(['query', 'choice'])

/** Whether there is a model whose suggestions this project shows. */
export function showsSuggestions(project: Project, cycles: readonly Cycle[]): boolean {
  return project.settings.suggestions !== 'never' && cycles.some(({ model_id }) => model_id !== null)
}

/** What the model says of the item on screen, where the project shows that before it is decided. */
export function useSuggestion(
  project: Project,
  session: LabelSession,
  task: Task | null,
  isShown: boolean,
): ModelView | null {
  const id = task?.subtomogram.id ?? 0
  const mayAsk = project.settings.suggestions === 'always' && task !== null && OPEN_WORK.has(task.work)
  const { data } = useQuery({ ...modelViewQuery(project.slug, id), enabled: isShown && mayAsk })
  const view = isShown && mayAsk ? (data ?? null) : null
  useEffect(() => {
    if (view !== null) session.onSuggestion(id)
  }, [session, view, id])
  return view
}

/** What the model said of a decided item. */
export function useModelSaid(slug: string, past: PastDecision, isWanted: boolean): ModelView | null {
  const { task, choice, answer } = past
  const mayAsk = isWanted && OPEN_WORK.has(task.work) && choice.kind !== 'skip'
  const isStored = answer === 'accepted' || answer === 'late'
  const { data } = useQuery({
    ...modelViewQuery(slug, task.subtomogram.id),
    enabled: mayAsk && isStored,
  })
  return (mayAsk && isStored && data) || null
}

/** The name of what an output of the model stands for. */
export function chanceName({ kind, class_id }: Pick<Chance, 'kind' | 'class_id'>, project: Project): string {
  if (kind === 'junk') return CHOICE_NAMES.junk
  return project.classes.find(({ id }) => id === class_id)?.name ?? 'a class that is retired'
}

/** Probabilities by class, and of `junk`. */
export function chancesOf(view: ModelView | null): ReadonlyMap<string, number> {
  return new Map(view?.choices.map(({ class_id, probability }) => [class_id ?? 'junk', probability]))
}

/** The suggestion in a line above the answers. */
export function SuggestionLine(props: {
  readonly project: Project
  readonly view: ModelView | null
}): ReactElement | null {
  const { project, view } = props
  if (view === null) return null
  return (
    <p className={styles.suggestion}>
      The model of cycle {view.cycle} says <b>{chanceName(view.prediction, project)}</b>,{' '}
      {formatPercent(view.confidence)}
    </p>
  )
}
