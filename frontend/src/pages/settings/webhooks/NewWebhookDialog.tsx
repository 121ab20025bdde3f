import { useState } from 'react'
import { useMakeWebhook, type WebhookEvent } from '../../../api/webhooks'
import { Button } from '../../../design/Button'
import { CheckField } from '../../../design/CheckField'
import { Dialog } from '../../../design/Dialog'
import { TextField } from '../../../design/Field'
import { ErrorNotice } from '../../../design/Notice'
import { EVENT_NAMES, EVENTS } from './events'
import styles from './WebhooksPage.module.css'

/** Name an address and what it is told of. */
export function NewWebhookDialog({
  slug,
  onClose,
  onMade,
}: {
  slug: string
  onClose: () => void
  onMade: (secret: string) => void
}) {
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState<WebhookEvent[]>(['cycle.ready', 'cycle.failed'])
  const [tried, setTried] = useState(false)
  const make = useMakeWebhook(slug)
  const isUrl = /^https?:\/\/\S+$/.test(url.trim())
  const submit = () => {
    setTried(true)
    if (!isUrl || events.length === 0) return
    make.mutate({ url: url.trim(), events }, { onSuccess: ({ secret }) => onMade(secret) })
  }
  return (
    <Dialog
      title="Add a webhook"
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={make.isPending}>
            {make.isPending ? 'Adding…' : 'Add'}
          </Button>
        </>
      }
    >
      <div className={styles.fields}>
        <TextField
          label="Address"
          hint="Only hosts that the administrator allows (setting TOMOSIFT_WEBHOOK_HOSTS) can be told."
          placeholder="https://chat.example.org/hooks/tomosift"
          value={url}
          onChange={setUrl}
          error={tried && !isUrl ? 'Give a whole address, beginning with https://.' : null}
          autoComplete="off"
          spellCheck={false}
          maxLength={1000}
        />
        <fieldset className={styles.checks}>
          <legend>Tell it when</legend>
          {EVENT_NAMES.map((event) => (
            <CheckField
              key={event}
              label={EVENTS[event]}
              checked={events.includes(event)}
              onChange={(checked) =>
                setEvents(checked ? [...events, event] : events.filter((each) => each !== event))
              }
            />
          ))}
          {tried && events.length === 0 && (
            <p className={styles.error} role="alert">
              Choose at least one.
            </p>
          )}
        </fieldset>
        {make.error && <ErrorNotice error={make.error} />}
      </div>
    </Dialog>
  )
}
