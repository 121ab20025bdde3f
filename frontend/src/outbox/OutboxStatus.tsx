/** Says whether every decision is saved, in a word; and shows what the service refused. */
import { useEffect, useState, type ReactElement } from 'react'
import { useStore } from 'zustand'
import { Button } from '../design/Button'
import { Dialog } from '../design/Dialog'
import { Icon, type IconName } from '../design/icons'
import { Outbox, type OutboxState } from './Outbox'
import styles from './OutboxStatus.module.css'

interface StatusText {
  readonly tone: 'good' | 'busy' | 'warn' | 'bad'
  readonly icon: IconName
  readonly text: string
  readonly title: string
}

const decisions = (count: number): string => (count === 1 ? '1 decision' : `${count} decisions`)

/** What to say of an outbox. */
export function describeOutbox(state: OutboxState): StatusText {
  const { phase, waiting, refused, durable } = state
  if (refused.length > 0) {
    return {
      tone: 'bad',
      icon: 'alert',
      text: `${decisions(refused.length)} refused`,
      title: 'The service did not take them. They are kept here; look at why.',
    }
  }
  if (waiting === 0) {
    return { tone: 'good', icon: 'check', text: 'Saved', title: 'The service has every decision of yours.' }
  }
  const kept = durable
    ? 'They are kept in this browser, also over a reload.'
    : 'This browser cannot store them: keep this page open until they are saved.'
  switch (phase) {
    case 'waiting':
      return { tone: 'warn', icon: 'offline', text: `${waiting} waiting for the connection`, title: kept }
    case 'signed-out':
      return { tone: 'warn', icon: 'user', text: `${waiting} waiting for your sign-in`, title: kept }
    case 'other-user':
      return {
        tone: 'warn',
        icon: 'user',
        text: `${waiting} waiting: someone else is signed in`,
        title: `${kept} They are sent only under your own sign-in.`,
      }
    default:
      return {
        tone: 'busy',
        icon: 'clock',
        text: 'Saving…',
        title: `${decisions(waiting)} on the way. ${kept}`,
      }
  }
}

/** Short saves do not flicker: "Saving…" shows only when it lasts. */
const QUIET_MS = 400

function useCalm(state: OutboxState): OutboxState {
  const [calm, setCalm] = useState(state)
  useEffect(() => {
    const busy = describeOutbox(state).tone === 'busy'
    const timer = setTimeout(() => setCalm(state), busy ? QUIET_MS : 0)
    return () => clearTimeout(timer)
  }, [state])
  return calm
}

export function OutboxStatus({ outbox }: { readonly outbox: Outbox }): ReactElement {
  const state = useStore(outbox.store)
  const { tone, icon, text, title } = describeOutbox(useCalm(state))
  const [open, setOpen] = useState(false)
  return (
    <>
      <span
        className={styles.status}
        data-tone={tone}
        data-waiting={state.waiting}
        role="status"
        title={title}
        data-testid="outbox-status"
      >
        <Icon name={icon} size={14} />
        {text}
        {state.refused.length > 0 && (
          <Button size="small" kind="quiet" onClick={() => setOpen(true)}>
            Show
          </Button>
        )}
      </span>
      {open && state.refused.length > 0 && (
        <RefusedDialog outbox={outbox} state={state} onClose={() => setOpen(false)} />
      )}
    </>
  )
}

function RefusedDialog(props: {
  readonly outbox: Outbox
  readonly state: OutboxState
  readonly onClose: () => void
}): ReactElement {
  const { outbox, state, onClose } = props
  return (
    <Dialog title="Decisions the service refused" onClose={onClose} wide>
      <p className={styles.intro}>
        They are kept in this browser until you send them again or discard them. Your other decisions are not
        affected.
      </p>
      <ul className={styles.refused}>
        {state.refused.map((entry) => (
          <li key={entry.key}>
            <div>
              <strong>{entry.summary}</strong>
              <p>
                {entry.refusal?.title}: {entry.refusal?.detail}
              </p>
            </div>
            <Button size="small" onClick={() => void outbox.retry(entry.key)}>
              Send again
            </Button>
            <Button size="small" kind="danger" onClick={() => void outbox.discard(entry.key)}>
              Discard
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
