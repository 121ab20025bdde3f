/** One entry's way to the service, and what is told of it. */
import {
  nameInUndo,
  type BulkEntry,
  type DecisionEntry,
  type OutboxEntry,
  type Refusal,
  type ServiceName,
  type UndoEntry,
} from './entries'
import {
  TransportError,
  type BulkAnswer,
  type BulkUndoAnswer,
  type DecisionAnswer,
  type OutboxTransport,
  type UndoAnswer,
} from './transport'

export type OutboxEvent =
  | { readonly type: 'acknowledged'; readonly key: string; readonly answer: DecisionAnswer }
  | { readonly type: 'bulk-acknowledged'; readonly key: string; readonly answer: BulkAnswer }
  | {
      readonly type: 'undone'
      readonly key: string
      readonly decisionKey: string
      readonly answer: UndoAnswer
    }
  | {
      readonly type: 'bulk-undone'
      readonly key: string
      readonly decisionKey: string
      readonly answer: BulkUndoAnswer
    }
  | { readonly type: 'refused'; readonly entry: OutboxEntry; readonly refusal: Refusal }

export interface Sent {
  readonly event: OutboxEvent
  /** Of a decision: what the service calls it. */
  readonly name: ServiceName | null
}

/** Send an entry; `nameOf` knows decisions that were acknowledged on this page. Throws `TransportError`. */
export function sendEntry(
  transport: OutboxTransport,
  entry: OutboxEntry,
  nameOf: (decisionKey: string) => ServiceName | undefined,
): Promise<Sent> {
  switch (entry.type) {
    case 'decision':
      return sendDecision(transport, entry)
    case 'bulk':
      return sendBulk(transport, entry)
    case 'undo':
      return sendUndo(transport, entry, nameInUndo(entry) ?? nameOf(entry.decisionKey))
  }
}

async function sendDecision(
  transport: OutboxTransport,
  { key, projectSlug, body }: DecisionEntry,
): Promise<Sent> {
  const answer = await transport.sendDecision(projectSlug, key, body)
  return { event: { type: 'acknowledged', key, answer }, name: { eventId: answer.event_id } }
}

async function sendBulk(transport: OutboxTransport, { key, projectSlug, body }: BulkEntry): Promise<Sent> {
  const answer = await transport.sendBulk(projectSlug, key, body)
  return { event: { type: 'bulk-acknowledged', key, answer }, name: { bulkId: answer.bulk_id } }
}

async function sendUndo(
  transport: OutboxTransport,
  { key, projectSlug, decisionKey }: UndoEntry,
  name: ServiceName | undefined,
): Promise<Sent> {
  if (name === undefined) {
    throw new TransportError(
      'never',
      0,
      'This decision cannot be taken back any more',
      'It was sent by a page that is closed by now, and its number is not known here. Discard this entry.',
    )
  }
  if ('bulkId' in name) {
    const answer = await transport.sendBulkUndo(projectSlug, key, name.bulkId)
    return { event: { type: 'bulk-undone', key, decisionKey, answer }, name: null }
  }
  const answer = await transport.sendUndo(projectSlug, key, name.eventId)
  return { event: { type: 'undone', key, decisionKey, answer }, name: null }
}
