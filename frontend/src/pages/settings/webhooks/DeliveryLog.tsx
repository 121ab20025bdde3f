import { useQuery } from '@tanstack/react-query'
import { explain } from '../../../api/problem'
import { deliveriesQuery, type Delivery, useRedeliver, type Webhook } from '../../../api/webhooks'
import { Badge, type Tone } from '../../../design/Badge'
import { Button } from '../../../design/Button'
import { ErrorNotice } from '../../../design/Notice'
import { Skeleton } from '../../../design/Skeleton'
import { type Column, Table } from '../../../design/Table'
import { TimeAgo } from '../../../design/TimeAgo'
import { showToast } from '../../../design/Toast'
import { formatDateTime } from '../../../format/time'
import styles from './WebhooksPage.module.css'

const STATES: Record<Delivery['state'], { title: string; tone: Tone }> = {
  waiting: { title: 'Waiting', tone: 'active' },
  delivered: { title: 'Delivered', tone: 'good' },
  failed: { title: 'Failed', tone: 'bad' },
}

/** The newest deliveries with what came back. */
export function DeliveryLog({ slug, webhook }: { slug: string; webhook: Webhook }) {
  const deliveries = useQuery(deliveriesQuery(slug, webhook.id))
  const redeliver = useRedeliver(slug, webhook.id)
  if (deliveries.error) return <ErrorNotice error={deliveries.error} />
  if (deliveries.data === undefined) return <Skeleton label="Loading the deliveries" lines={2} />
  if (deliveries.data.items.length === 0)
    return <p className={styles.muted}>Nothing was sent yet. Send a test to see whether it arrives.</p>
  const columns: Column<Delivery>[] = [
    { title: 'Event', cell: ({ event }) => <code>{event}</code> },
    { title: 'State', cell: ({ state }) => <Badge tone={STATES[state].tone}>{STATES[state].title}</Badge> },
    { title: 'When', cell: ({ created_at }) => <TimeAgo iso={created_at} /> },
    { title: 'Tries', numeric: true, cell: ({ tries }) => tries },
    { title: 'What came back', cell: (delivery) => whatCameBack(delivery) },
    {
      title: 'Change',
      cell: ({ id, event, state }) =>
        state !== 'waiting' && (
          <Button
            size="small"
            disabled={redeliver.isPending || !webhook.is_active}
            aria-label={`Send ${event} again`}
            onClick={() =>
              redeliver.mutate(id, { onError: (error) => showToast(explain(error).detail, 'bad') })
            }
          >
            Send again
          </Button>
        ),
    },
  ]
  return (
    <Table
      caption={`Deliveries to ${webhook.url}`}
      columns={columns}
      rows={deliveries.data.items}
      rowKey={({ id }) => id}
    />
  )
}

function whatCameBack({ last_status, last_error, next_try_at }: Delivery): string {
  return [
    last_error ?? (last_status === null ? '' : `status ${last_status}`),
    next_try_at !== null && `next try ${formatDateTime(next_try_at)}`,
  ]
    .filter(Boolean)
    .join('; ')
}
