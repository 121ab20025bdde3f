import type { CSSProperties } from 'react'
import { useStore } from 'zustand'
import { Button } from '../../design/Button'
import { formatCount, formatPlural } from '../../format/numbers'
import type { GalleryAction } from '../../gallery/actions'
import { decidable, type PastDecision } from '../../gallery/GalleryDecisions'
import type { GalleryState } from '../../gallery/GalleryItems'
import { MOST_SELECTED } from '../../gallery/selection'
import type { GalleryItem } from '../../gallery/types'
import { keyCap } from '../../keys/actionTable'
import { choiceName } from '../../label/LabelSession'
import { OutboxStatus } from '../../outbox/OutboxStatus'
import styles from './DecideBar.module.css'
import type { Desk } from './useGalleryDecisions'

interface DecideBarProps {
  actions: readonly GalleryAction[]
  mayDecide: boolean
  /** What a decision would be about. */
  aimed: readonly GalleryItem[]
  isSelection: boolean
  desk: Desk | null
  state: GalleryState
  onSelectAll: () => void
  onClear: () => void
}

/** What is selected, the answers, and how the last decision went. Its colours and keys are those on the tiles. */
export function DecideBar(props: DecideBarProps) {
  const { actions, mayDecide, aimed, isSelection, desk, state, onSelectAll, onClear } = props
  const may = decidable(aimed).length
  const answers = actions.filter(({ choice }) => choice !== undefined)
  const { count, isCapped } = state
  const isBounded = isCapped || (count ?? 0) > MOST_SELECTED
  return (
    <footer className={styles.bar} aria-label="Decision">
      <div className={styles.row}>
        <p className={styles.aim} role="status" data-testid="gallery-aim">
          {aimText(aimed, may, isSelection)}
        </p>
        {count !== null && count > 0 && (
          <Button size="small" kind="quiet" onClick={onSelectAll}>
            {isBounded
              ? `Select the first ${formatCount(MOST_SELECTED)}`
              : `Select all ${formatCount(count)}`}
          </Button>
        )}
        {isSelection && (
          <Button size="small" kind="quiet" onClick={onClear}>
            Select nothing
          </Button>
        )}
        <span className={styles.space} />
        {desk !== null && <LastDecision desk={desk} />}
        {desk !== null && <OutboxStatus outbox={desk.outbox} />}
      </div>
      {mayDecide ? (
        <div className={styles.row} role="group" aria-label="Answers">
          {answers.map((action) => (
            <Answer key={action.id} action={action} canDecide={may > 0} />
          ))}
          <span className={styles.legend}>
            On a tile: filled sign = label, framed sign = model, E = measures the model.
          </span>
        </div>
      ) : (
        <p className={styles.legend}>
          You can look, but not label here: your role in this project is viewer.
        </p>
      )}
    </footer>
  )
}

function aimText(aimed: readonly GalleryItem[], may: number, isSelection: boolean): string {
  if (aimed.length === 0) return 'Nothing is selected.'
  const sampled = aimed.length - may
  const left =
    sampled === 0
      ? ''
      : ` ${formatCount(sampled)} of them ${sampled === 1 ? 'measures' : 'measure'} the model and ${sampled === 1 ? 'is' : 'are'} left out: decided blind, by the queue.`
  if (!isSelection)
    return may === 0 ? 'This one measures the model: the queue asks for it.' : 'Label the one in the viewer:'
  return `${formatPlural(aimed.length, 'particle')} selected.${left}`
}

/** Never `disabled`: it would lose the keyboard's focus. */
function Answer({ action, canDecide }: { action: GalleryAction; canDecide: boolean }) {
  const { choice } = action
  const colour = choice?.kind === 'class' ? choice.particleClass.color : undefined
  const key = action.keys[0]
  return (
    <button
      type="button"
      className={styles.answer}
      style={colour === undefined ? undefined : ({ '--class-colour': colour } as CSSProperties)}
      aria-disabled={!canDecide}
      aria-keyshortcuts={key}
      onClick={() => action.enabled() && canDecide && action.run()}
    >
      {key !== undefined && <kbd>{keyCap(key)}</kbd>}
      {action.label}
    </button>
  )
}

const ANSWERS: Readonly<Record<PastDecision['answer'], string>> = {
  pending: 'saving',
  accepted: 'saved',
  refused: 'refused',
}

function LastDecision({ desk }: { desk: Desk }) {
  const last = useStore(desk.decisions.store, ({ history }) => history.at(-1))
  if (last === undefined) return null
  const about = last.before.size - last.held
  return (
    <p className={styles.last} data-testid="gallery-last" role="status">
      <strong>{choiceName(last.choice)}</strong> for {formatPlural(about, 'particle')}, {ANSWERS[last.answer]}
      {last.held > 0 && `; ${formatCount(last.held)} left out, someone else is looking at them`}
      {last.sampled > 0 && `; ${formatCount(last.sampled)} left out, measuring the model`}
      <Button size="small" onClick={() => void desk.decisions.undo()}>
        Undo <kbd>Z</kbd>
      </Button>
    </p>
  )
}
