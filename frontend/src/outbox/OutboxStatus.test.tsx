import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import type { DecisionBody } from './entries'
import { Outbox, type OutboxState } from './Outbox'
import { describeOutbox, OutboxStatus } from './OutboxStatus'
import { MemoryStorage } from './storage'
import { TransportError, type OutboxTransport } from './transport'

const state = (changes: Partial<OutboxState>): OutboxState => ({
  phase: 'saved',
  waiting: 0,
  refused: [],
  durable: true,
  ...changes,
})

describe('describeOutbox', () => {
  it('says "Saved" only when the service has everything', () => {
    expect(describeOutbox(state({})).text).toBe('Saved')
    expect(describeOutbox(state({ phase: 'saving', waiting: 1 })).text).toBe('Saving…')
    expect(describeOutbox(state({ phase: 'saved', waiting: 1 })).text).toBe('Saving…')
    expect(describeOutbox(state({ phase: 'waiting', waiting: 3 })).text).toBe('3 waiting for the connection')
    expect(describeOutbox(state({ phase: 'signed-out', waiting: 3 })).text).toBe('3 waiting for your sign-in')
    expect(describeOutbox(state({ phase: 'other-user', waiting: 2 })).text).toMatch(/someone else/)
  })

  it('warns where a reload would lose them', () => {
    expect(describeOutbox(state({ phase: 'waiting', waiting: 1, durable: false })).title).toMatch(
      /keep this page open/,
    )
  })
})

const body: DecisionBody = {
  subtomogram_id: 7,
  lease_id: 3,
  fencing_token: 3,
  kind: 'junk',
  class_id: null,
  duration_ms: 900,
  comment: null,
  decided_at: '2026-11-20T12:00:00Z',
}

describe('OutboxStatus', () => {
  it('shows what was refused and why, and lets a person send it again or discard it', async () => {
    let refuses = true
    const transport: OutboxTransport = {
      currentUserId: async () => 'ada',
      sendDecision: async () => {
        if (refuses) throw new TransportError('never', 422, 'No such class', 'Reload the page.')
        return { event_id: 1, status: 'accepted' }
      },
      sendUndo: async () => ({ event_id: 2, task: null }),
      sendBulk: async () => ({ bulk_id: 'b', decided: 0, held_by_others: [] }),
      sendBulkUndo: async () => ({ undone: 0 }),
    }
    const outbox = new Outbox({ userId: 'ada', storage: new MemoryStorage(), transport })
    const user = userEvent.setup()
    render(<OutboxStatus outbox={outbox} />)
    expect(screen.getByRole('status')).toHaveProperty('textContent', 'Saved')

    await outbox.addDecision('demo', 'key-1', body, 'Junk for TS_01/000007')
    await outbox.addDecision('demo', 'key-2', body, 'Junk for TS_01/000008')
    await user.click(await screen.findByRole('button', { name: 'Show' }))
    expect(screen.getByText('Junk for TS_01/000007')).toBeDefined()
    expect(screen.getAllByText('No such class: Reload the page.')).toHaveLength(2)
    refuses = false
    await user.click(screen.getAllByRole('button', { name: 'Send again' })[0]!)
    await user.click(screen.getAllByRole('button', { name: 'Discard' }).at(-1)!)
    expect(await screen.findByText('Saved')).toBeDefined()
    expect(screen.queryByRole('dialog')).toBeNull()
    outbox.dispose()
  })
})
