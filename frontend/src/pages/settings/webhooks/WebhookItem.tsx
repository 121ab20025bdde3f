import { useState } from 'react'
import { explain } from '../../../api/problem'
import {
  useChangeWebhook,
  usePingWebhook,
  useRemoveWebhook,
  useRenewSecret,
  type Webhook,
} from '../../../api/webhooks'
import { Badge } from '../../../design/Badge'
import { Button } from '../../../design/Button'
import { ConfirmDialog } from '../../../design/ConfirmDialog'
import { Disclosure } from '../../../design/Disclosure'
import { showToast } from '../../../design/Toast'
import { DeliveryLog } from './DeliveryLog'
import { EVENTS } from './events'
import styles from './WebhooksPage.module.css'

const failed = (error: unknown) => showToast(explain(error).detail, 'bad')

/** One webhook: what it is told of, how that went, and what can be done with it. */
export function WebhookItem({
  slug,
  webhook,
  onSecret,
}: {
  slug: string
  webhook: Webhook
  onSecret: (secret: string) => void
}) {
  const [asking, setAsking] = useState<'remove' | 'renew' | null>(null)
  const ping = usePingWebhook(slug)
  const change = useChangeWebhook(slug)
  const remove = useRemoveWebhook(slug)
  const renew = useRenewSecret(slug)
  const close = () => {
    remove.reset()
    renew.reset()
    setAsking(null)
  }
  return (
    <li className={styles.item}>
      <div className={styles.head}>
        <h2>{webhook.url}</h2>
        <Badge tone={webhook.is_active ? 'good' : 'warn'}>{webhook.is_active ? 'On' : 'Paused'}</Badge>
      </div>
      <p className={styles.muted}>Told when {webhook.events.map((event) => EVENTS[event]).join(' or ')}.</p>
      <div className={styles.row}>
        <Button
          size="small"
          disabled={ping.isPending || !webhook.is_active}
          onClick={() =>
            ping.mutate(webhook.id, {
              onSuccess: () => showToast('A test is on its way. The deliveries below tell how it went.'),
              onError: failed,
            })
          }
        >
          Send a test
        </Button>
        <Button
          size="small"
          disabled={change.isPending}
          onClick={() => change.mutate({ webhook, is_active: !webhook.is_active }, { onError: failed })}
        >
          {webhook.is_active ? 'Pause' : 'Resume'}
        </Button>
        <Button size="small" onClick={() => setAsking('renew')}>
          New secret…
        </Button>
        <Button size="small" kind="danger" onClick={() => setAsking('remove')}>
          Remove…
        </Button>
      </div>
      <Disclosure summary="Deliveries" open>
        <DeliveryLog slug={slug} webhook={webhook} />
      </Disclosure>
      {asking === 'remove' && (
        <ConfirmDialog
          title="Remove this webhook?"
          action="Remove"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(webhook.id, { onSuccess: close })}
          onClose={close}
        >
          {webhook.url} is told nothing any more, and its deliveries are forgotten. This cannot be undone.
        </ConfirmDialog>
      )}
      {asking === 'renew' && (
        <ConfirmDialog
          title="Make a new secret?"
          action="Make a new secret"
          busy={renew.isPending}
          error={renew.error}
          onConfirm={() =>
            renew.mutate(webhook.id, {
              onSuccess: ({ secret }) => {
                close()
                onSecret(secret)
              },
            })
          }
          onClose={close}
        >
          The old one ends at once: the receiving program refuses what is sent until it has the new one.
        </ConfirmDialog>
      )}
    </li>
  )
}
