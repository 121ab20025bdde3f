/** What a webhook can be told of, in words. */
import type { WebhookEvent } from '../../../api/webhooks'

export const EVENTS: Record<WebhookEvent, string> = {
  'batch.finished': 'a batch is labeled',
  'cycle.ready': 'a cycle is ready',
  'cycle.failed': 'a cycle failed',
  'import.finished': 'an import has finished',
  'label-import.finished': 'a label import has finished',
  'export.finished': 'an export has finished',
}

export const EVENT_NAMES = Object.keys(EVENTS) as WebhookEvent[]
