/** What the model said of a decided item: beside the person's answer, once that is stored. */
import { useEffect, type ReactElement } from 'react'
import { formatPercent } from '../format/numbers'
import type { Project } from './api'
import type { LabelSession, PastDecision } from './LabelSession'
import styles from './ModelSaid.module.css'
import { chanceName, useModelSaid } from './suggestions'

interface ModelSaidProps {
  readonly project: Project
  readonly session: LabelSession
  readonly past: PastDecision
  /** Whether there is a model whose suggestions the project shows. */
  readonly isWanted: boolean
}

export function ModelSaid({ project, session, past, isWanted }: ModelSaidProps): ReactElement | null {
  const view = useModelSaid(project.slug, past, isWanted)
  const id = past.task.subtomogram.id
  useEffect(() => {
    if (view !== null) session.onSuggestion(id)
  }, [session, view, id])
  if (view === null) return null
  const { prediction, confidence } = view
  const { choice } = past
  const isSame =
    choice.kind === 'class'
      ? prediction.class_id === choice.particleClass.id
      : choice.kind === prediction.kind
  return (
    <small className={styles.said} data-same={isSame}>
      {isSame ? 'The model agreed' : `The model said ${chanceName(prediction, project)}`},{' '}
      <span className={styles.share}>{formatPercent(confidence)}</span>
    </small>
  )
}
