/** The last decisions of this sitting: a click takes one back and shows its item again. */
import type { ReactElement } from 'react'
import { Disclosure } from '../design/Disclosure'
import { confidenceName } from './DecisionNotes'
import { choiceName, type PastDecision } from './LabelSession'
import styles from './RecentDecisions.module.css'

const SHOWN = 8

interface RecentDecisionsProps {
  /** Oldest first. */
  readonly history: readonly PastDecision[]
  readonly onChange: (key: string) => void
}

export function RecentDecisions({ history, onChange }: RecentDecisionsProps): ReactElement | null {
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
                onClick={() => onChange(past.key)}
              >
                <span>{past.task.subtomogram.name}</span>
                <b>{choiceName(past.choice)}</b>
                <Noted past={past} />
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
