/** The answers: one button a class, and unsure, junk, skip, undo. */
import type { CSSProperties, ReactElement } from 'react'
import { Icon } from '../design/icons'
import { keyCap } from '../keys/actionTable'
import type { Action } from './actions'
import styles from './DecisionPanel.module.css'
import { choiceName, type PastDecision } from './LabelSession'

interface DecisionPanelProps {
  readonly actions: readonly Action[]
  readonly canDecide: boolean
  readonly last: Pick<PastDecision, 'choice' | 'answer'> | null
}

const TITLES: Readonly<Record<string, string>> = {
  unsure: 'A particle, but you cannot tell which',
  junk: 'No particle of any class: gold, ice, membrane, a wrong pick',
  skip: 'Leave it to someone else; it goes to the end of the queue',
}

const ANSWERS: Readonly<Record<PastDecision['answer'], string>> = {
  pending: 'saving',
  accepted: 'saved',
  late: 'saved as a further opinion: someone else had the item by then',
  refused: 'refused by the service; see below',
}

export function DecisionPanel({ actions, canDecide, last }: DecisionPanelProps): ReactElement {
  const classes = actions.filter((action) => action.particleClass !== undefined)
  const others = actions.filter((action) => ['unsure', 'junk', 'skip'].includes(action.id))
  const undo = actions.find((action) => action.id === 'undo')
  return (
    <>
      <div className={styles.classes} role="group" aria-label="Classes">
        {classes.map((action) => (
          <DecideButton key={action.id} action={action} canDecide={canDecide} />
        ))}
      </div>
      <div className={styles.others} role="group" aria-label="Other answers">
        {others.map((action) => (
          <DecideButton key={action.id} action={action} canDecide={canDecide} />
        ))}
      </div>
      <div className={styles.last}>
        <p role="status" data-testid="last-decision">
          {last === null ? (
            <span className={styles.faint}>Your last decision appears here.</span>
          ) : (
            <>
              <span className={styles.swatch} style={swatch(last)} />
              <strong>{choiceName(last.choice)}</strong>
              <span className={styles.faint} data-answer={last.answer}>
                {last.answer === 'accepted' && <Icon name="check" size={12} />} {ANSWERS[last.answer]}
              </span>
            </>
          )}
        </p>
        {undo !== undefined && (
          <button type="button" className={styles.undo} disabled={last === null} onClick={undo.run}>
            Undo <kbd>{keyCap(undo.keys[0] ?? '')}</kbd>
          </button>
        )}
      </div>
    </>
  )
}

function swatch({ choice }: Pick<PastDecision, 'choice'>): CSSProperties {
  return { background: choice.kind === 'class' ? choice.particleClass.color : 'var(--border-strong)' }
}

/** Never `disabled`: it would lose the keyboard's focus between two items. */
function DecideButton({
  action,
  canDecide,
}: {
  readonly action: Action
  readonly canDecide: boolean
}): ReactElement {
  const key = action.keys[0]
  const colour = action.particleClass?.color
  return (
    <button
      type="button"
      className={colour === undefined ? styles.other : styles.class}
      style={colour === undefined ? undefined : ({ '--class-colour': colour } as CSSProperties)}
      title={action.particleClass?.description || TITLES[action.id]}
      aria-disabled={!canDecide}
      aria-keyshortcuts={key}
      onClick={() => action.enabled() && action.run()}
    >
      {key !== undefined && <kbd>{keyCap(key)}</kbd>}
      <span>{action.label}</span>
    </button>
  )
}
