/** The last decisions of this sitting: a click takes one back and shows its item again. */
import type { ReactElement } from 'react'
import { Disclosure } from '../design/Disclosure'
import type { Project } from './api'
import { confidenceName } from './DecisionNotes'
import { choiceName, type LabelSession, type PastDecision } from './LabelSession'
import { ModelSaid } from './ModelSaid'
import styles from './RecentDecisions.module.css'

const SHOWN = 8

interface RecentDecisionsProps {
  readonly project: Project
  readonly session: LabelSession
  /** Oldest first. */
  readonly history: readonly PastDecision[]
  /** Whether there is a model whose suggestions the project shows. */
  readonly hasSuggestions: boolean
}

export function RecentDecisions(props: RecentDecisionsProps): ReactElement | null {
  const { project, session, history, hasSuggestions } = props
  if (history.length === 0) return null
  return (
    <Disclosure summary="Change an earlier decision">
      <ul className={styles.list}>
        {history
          .slice(-SHOWN)
          .reverse()
          .map((past) => (
            <li key={past.key}>
              <button
                type="button"
                title="Take this decision back and look again"
                onClick={() => void session.takeBack(past.key)}
              >
                <span>{past.task.subtomogram.name}</span>
                <b>{choiceName(past.choice)}</b>
                <Noted past={past} />
                <ModelSaid project={project} session={session} past={past} isWanted={hasSuggestions} />
              </button>
            </li>
          ))}
      </ul>
    </Disclosure>
  )
}

function Noted({ past }: { readonly past: PastDecision }): ReactElement | null {
  const { confidence, comment } = past.notes
  const words = [confidenceName(confidence), comment.trim() && `“${comment.trim()}”`]
    .filter(Boolean)
    .join(', ')
  return words === '' ? null : <small>{words}</small>
}
