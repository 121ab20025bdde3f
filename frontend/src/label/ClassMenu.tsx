/** All classes in a list that is searched by typing: arrows move, Enter decides. Beside it what tells a class. */
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactElement } from 'react'
import { Dialog } from '../design/Dialog'
import { keyCap } from '../keys/actionTable'
import type { Action } from './actions'
import type { ParticleClass } from './api'
import { ClassGuide } from './ClassGuide'
import styles from './ClassMenu.module.css'
import { findClasses } from './classSearch'

interface ClassMenuProps {
  readonly slug: string
  readonly actions: readonly Action[]
  /** False while no item is on screen that could be decided. */
  readonly canDecide: boolean
  readonly onClose: () => void
}

export function ClassMenu({ slug, actions, canDecide, onClose }: ClassMenuProps): ReactElement {
  const [text, setText] = useState('')
  const [place, setPlace] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  const listId = useId()
  const byClass = new Map(actions.map((action) => [action.particleClass?.id, action]))
  const classes = actions.flatMap(({ particleClass }) => particleClass ?? [])
  const found = findClasses(classes, text)
  const active = found[Math.min(place, found.length - 1)]

  // The dialog puts the focus on its title; here one begins to type.
  useEffect(() => {
    const timer = setTimeout(() => input.current?.focus())
    return () => clearTimeout(timer)
  }, [])
  useEffect(() => {
    document.getElementById(`${listId}-${active?.id}`)?.scrollIntoView?.({ block: 'nearest' })
  }, [listId, active?.id])

  const decide = (particleClass: ParticleClass | undefined): void => {
    const action = byClass.get(particleClass?.id)
    if (action === undefined || !action.enabled()) return
    onClose()
    action.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = found.length - 1
    const to = { ArrowDown: Math.min(place + 1, last), ArrowUp: Math.max(Math.min(place, last) - 1, 0) }[
      event.key
    ]
    if (to !== undefined) setPlace(to)
    else if (event.key === 'Enter') decide(active)
    else return
    event.preventDefault()
  }
  return (
    <Dialog title="Find a class" onClose={onClose} wide>
      <div className={styles.columns}>
        <div className={styles.search}>
          <input
            ref={input}
            type="text"
            role="combobox"
            aria-label="Part of the name"
            aria-expanded="true"
            aria-controls={listId}
            aria-activedescendant={active === undefined ? undefined : `${listId}-${active.id}`}
            aria-autocomplete="list"
            placeholder="Type a part of the name"
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setPlace(0)
            }}
            onKeyDown={onKeyDown}
          />
          <ul className={styles.list} id={listId} role="listbox" aria-label="Classes found">
            {found.map((each, index) => (
              <ClassRow
                key={each.id}
                id={`${listId}-${each.id}`}
                particleClass={each}
                cap={byClass.get(each.id)?.keys[0]}
                isActive={each === active}
                onLook={() => setPlace(index)}
                onChoose={() => decide(each)}
              />
            ))}
          </ul>
          {found.length === 0 && <p className={styles.none}>No class has that in its name or guidelines.</p>}
        </div>
        {active !== undefined && <ClassGuide slug={slug} particleClass={active} />}
      </div>
      <p className={styles.hint}>
        {canDecide
          ? '↑ and ↓ move, Enter or a click gives this class to the particle on screen, Escape closes.'
          : 'No particle is waiting for an answer: look up what tells the classes apart. Escape closes.'}
      </p>
    </Dialog>
  )
}

function ClassRow(props: {
  readonly id: string
  readonly particleClass: ParticleClass
  readonly cap: string | undefined
  readonly isActive: boolean
  readonly onLook: () => void
  readonly onChoose: () => void
}): ReactElement {
  const { particleClass, cap, isActive } = props
  return (
    <li
      id={props.id}
      role="option"
      aria-selected={isActive}
      onPointerEnter={props.onLook}
      onClick={props.onChoose}
    >
      <span className={styles.swatch} style={{ background: particleClass.color }} />
      <span>{particleClass.name}</span>
      {cap !== undefined && <kbd>{keyCap(cap)}</kbd>}
    </li>
  )
}
