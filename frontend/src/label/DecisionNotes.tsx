/** What may go along with a decision: how sure one is, and a comment. Both are optional. */
import type { KeyboardEvent, ReactElement, RefObject } from 'react'
import type { Confidence } from '../outbox/entries'
import styles from './DecisionNotes.module.css'
import type { Notes } from './LabelSession'

const LEVELS: readonly (readonly [level: Confidence, name: string])[] = [
  [1, 'not very'],
  [2, 'fairly'],
  [3, 'certain'],
]

/** "fairly sure", as others read it. */
export function confidenceName(confidence: number | null): string | null {
  const name = LEVELS.find(([level]) => level === confidence)?.[1]
  return name === undefined ? null : name === 'certain' ? name : `${name} sure`
}

interface DecisionNotesProps {
  readonly notes: Notes
  readonly onChange: (change: Partial<Notes>) => void
  /** The key for a comment puts the cursor here. */
  readonly commentRef: RefObject<HTMLTextAreaElement | null>
}

export function DecisionNotes({ notes, onChange, commentRef }: DecisionNotesProps): ReactElement {
  return (
    <div className={styles.notes}>
      <div className={styles.sure} role="group" aria-label="How sure are you?">
        <span>
          How sure <kbd>F</kbd>
        </span>
        {LEVELS.map(([level, name]) => (
          <button
            key={level}
            type="button"
            aria-pressed={notes.confidence === level}
            onClick={() => onChange({ confidence: notes.confidence === level ? null : level })}
          >
            {name}
          </button>
        ))}
      </div>
      <label className={styles.comment}>
        <span>
          Comment <kbd>C</kbd>
        </span>
        <textarea
          ref={commentRef}
          rows={notes.comment === '' ? 1 : 2}
          maxLength={2000}
          placeholder="goes along with your decision"
          value={notes.comment}
          onChange={(event) => onChange({ comment: event.target.value })}
          onKeyDown={leaveOnEnter}
        />
      </label>
    </div>
  )
}

/** Enter and Escape give the keys back to the answers; Shift+Enter begins a line. */
function leaveOnEnter(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== 'Escape' && (event.key !== 'Enter' || event.shiftKey)) return
  event.preventDefault()
  event.currentTarget.blur()
}
