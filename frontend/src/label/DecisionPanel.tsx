/** The answers: one button a class, and unsure, junk, skip, undo; and where to read what tells the classes apart. */
import type { CSSProperties, FocusEvent, ReactElement, ReactNode } from 'react'
import { Icon } from '../design/icons'
import { formatPercent } from '../format/numbers'
import { keyCap } from '../keys/actionTable'
import type { Action } from './actions'
import { ClassCard, useClassCard, type ClassCardControl } from './ClassCard'
import styles from './DecisionPanel.module.css'
import { choiceName, type PastDecision } from './LabelSession'

interface DecisionPanelProps {
  readonly slug: string
  readonly actions: readonly Action[]
  readonly canDecide: boolean
  readonly last: Pick<PastDecision, 'choice' | 'answer'> | null
  /** What the model said of the last one. */
  readonly lastNote?: ReactNode
  /** Probabilities by class, and of `junk`, where the model's suggestion is shown before deciding. */
  readonly chances?: ReadonlyMap<string, number>
}

const TITLES: Readonly<Record<string, string>> = {
  unsure: 'A particle, but you cannot tell which',
  junk: 'No particle of any class: gold, ice, membrane, a wrong pick',
  skip: 'Leave it to someone else; it goes to the end of the queue',
}

const ANSWERS: Readonly<Record<PastDecision['answer'], string>> = {
  pending: 'saving',
  accepted: 'saved',
  late: 'saved as a further opinion: someone else had the particle by then',
  refused: 'refused by the service; see below',
}

/** More buttons than digits would push the other answers off the screen. */
const MOST_BUTTONS = 9
/** More than these are drawn smaller, so that the other answers stay in sight on a small screen. */
const MOST_TALL = 6
const NO_CHANCES: ReadonlyMap<string, number> = new Map()

export function DecisionPanel(props: DecisionPanelProps): ReactElement {
  const { slug, actions, canDecide, last, lastNote, chances = NO_CHANCES } = props
  const card = useClassCard()
  const classes = actions.filter((action) => action.particleClass !== undefined)
  const shown = classes.length > MOST_BUTTONS ? classes.filter(({ keys }) => keys.length > 0) : classes
  const others = actions.filter((action) => ['unsure', 'junk', 'skip'].includes(action.id))
  const undo = actions.find((action) => action.id === 'undo')
  const menu = actions.find((action) => action.id === 'find-class')
  return (
    <>
      <div className={styles.classes} role="group" aria-label="Classes" data-many={shown.length > MOST_TALL}>
        {shown.map((action) => (
          <DecideButton
            key={action.id}
            action={action}
            canDecide={canDecide}
            chance={chances.get(action.particleClass?.id ?? '')}
            card={card}
          />
        ))}
      </div>
      <div className={styles.others} role="group" aria-label="Other answers">
        {others.map((action) => (
          <DecideButton
            key={action.id}
            action={action}
            canDecide={canDecide}
            chance={chances.get(action.id)}
            card={card}
          />
        ))}
      </div>
      {menu !== undefined && (
        <button type="button" className={styles.menu} onClick={menu.run}>
          {shown.length < classes.length ? `All ${classes.length} classes` : 'Guidelines and examples'}{' '}
          <kbd>{keyCap(menu.keys[0] ?? '')}</kbd>
        </button>
      )}
      <div className={styles.last}>
        <div role="status" data-testid="last-decision">
          {last === null ? (
            <span className={styles.faint}>Your last decision appears here.</span>
          ) : (
            <>
              <span className={styles.swatch} style={swatch(last)} />
              <strong>{choiceName(last.choice)}</strong>
              <span className={styles.faint} data-answer={last.answer}>
                {last.answer === 'accepted' && <Icon name="check" size={12} />} {ANSWERS[last.answer]}
              </span>
              {lastNote}
            </>
          )}
        </div>
        {undo !== undefined && (
          <button type="button" className={styles.undo} disabled={last === null} onClick={undo.run}>
            <Icon name="undo" size={13} /> Undo <kbd>{keyCap(undo.keys[0] ?? '')}</kbd>
          </button>
        )}
      </div>
      <ClassCard slug={slug} control={card} />
    </>
  )
}

function swatch({ choice }: Pick<PastDecision, 'choice'>): CSSProperties {
  return { background: choice.kind === 'class' ? choice.particleClass.color : 'var(--border-strong)' }
}

/** Never `disabled`: it would lose the keyboard's focus between two items. */
function DecideButton(props: {
  readonly action: Action
  readonly canDecide: boolean
  readonly chance: number | undefined
  readonly card: ClassCardControl
}): ReactElement {
  const { action, canDecide, chance, card } = props
  const { particleClass } = action
  const key = action.keys[0]
  const showCard = ({ currentTarget }: { currentTarget: Element }): void => {
    if (particleClass !== undefined) card.show(particleClass, currentTarget)
  }
  return (
    <button
      type="button"
      className={particleClass === undefined ? styles.other : styles.class}
      style={
        particleClass === undefined ? undefined : ({ '--class-colour': particleClass.color } as CSSProperties)
      }
      title={TITLES[action.id]}
      aria-disabled={!canDecide}
      aria-keyshortcuts={key}
      onPointerEnter={showCard}
      onPointerLeave={card.hideSoon}
      onFocus={(event: FocusEvent) => event.currentTarget.matches(':focus-visible') && showCard(event)}
      onBlur={card.hideSoon}
      onClick={() => {
        card.hide()
        if (action.enabled()) action.run()
      }}
    >
      {key !== undefined && <kbd>{keyCap(key)}</kbd>}
      <span>{action.label}</span>
      {chance !== undefined && (
        <small className={styles.chance} title="What the model gives it">
          {formatPercent(chance)}
        </small>
      )}
    </button>
  )
}
