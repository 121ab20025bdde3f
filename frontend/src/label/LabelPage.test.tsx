import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { act, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DecisionBody } from '../outbox/entries'
import { FakeEventSource } from '../testing/FakeEventSource'
import * as fixtures from '../testing/fixtures'
import { renderApp } from '../testing/renderApp'
import type { Answer } from '../testing/service'
import type { Task, Work } from './api'
import { makeTask } from './testTasks'

const CLAIM = 'POST /projects/demo/tasks/claim'
const DECIDE = 'POST /projects/demo/decisions'

function task(id: number, work: Work = 'query'): Task {
  const made = makeTask(id, 3, work)
  const volume_url = `/api/v1/projects/demo/subtomograms/${id}/volume?h=1`
  return { ...made, subtomogram: { ...made.subtomogram, volume_url } }
}

const volumeHeaders = {
  'X-Volume-Shape': '2,2,2',
  'X-Volume-Scale': '1',
  'X-Volume-Offset': '0',
  'X-Volume-Mean': '3.5',
  'X-Volume-Std': '2',
}

/** A service with these items to hand out, in order. */
function answers(pool: Task[], changes: Record<string, Answer> = {}): Record<string, Answer> {
  const all: Record<string, Answer> = {
    [CLAIM]: (body: { count: number }) => {
      const tasks = pool.splice(0, body.count)
      const empty = {
        code: 'batch-done-launch',
        title: 'You have answered this batch',
        detail: 'Launch a cycle, or label further random items.',
        may_add_random: true,
      }
      return { tasks, empty: tasks.length === 0 ? empty : null, queue: fixtures.progress.queue }
    },
    [DECIDE]: () => ({ event_id: 1, status: 'accepted', label: null }),
    ...changes,
  }
  for (const { subtomogram } of pool) {
    const bytes = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7])
    all[`GET /projects/demo/subtomograms/${subtomogram.id}/volume`] = () =>
      new Response(bytes, { headers: volumeHeaders })
    all[`DELETE /projects/demo/leases/${subtomogram.id + 1000}`] = null
  }
  return all
}

/** Wait until this item's volume has been drawn, so that it can be decided. */
async function shows(id: number): Promise<void> {
  await screen.findByText(`TS_01/${id}`)
  await waitFor(() => {
    const classes = within(screen.getByRole('group', { name: 'Classes' }))
    expect(classes.getByRole('button', { name: /barrel/ }).getAttribute('aria-disabled')).toBe('false')
  })
}

// Page and viewer are loaded when they are needed; on a busy machine that alone may take long.
beforeAll(() => Promise.all([import('../pages/label/LabelRoute'), import('../viewer/ViewerStage')]), 120_000)

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  vi.stubGlobal(
    'ImageData',
    class {
      constructor(
        readonly data: Uint8ClampedArray,
        readonly width: number,
        readonly height: number,
      ) {}
    },
  )
})

describe('the label page', () => {
  it('labels by keyboard: the decision goes out, the next item comes, and the page says saved', async () => {
    const { service, user } = renderApp('/projects/demo/label', answers([task(1), task(2), task(3)]))
    await shows(1)
    expect(screen.getByText('Picked by cycle 3')).toBeDefined()
    await user.keyboard('2')
    await shows(2)
    await user.keyboard('cTwo rings?{Enter}u')
    await shows(3)
    await waitFor(() => expect(service.count(DECIDE)).toBe(2))
    const double = fixtures.project.classes[1]!
    const sent = service.asked.filter(({ key }) => key === DECIDE).map(({ body }) => body)
    expect(sent).toMatchObject([
      { subtomogram_id: 1, kind: 'class', class_id: double.id, lease_id: 1001, fencing_token: 1001 },
      { subtomogram_id: 2, kind: 'unsure', class_id: null, comment: 'Two rings?' },
    ])
    expect((await screen.findByTestId('last-decision')).textContent).toMatch(/Unsure/)
    await waitFor(() => expect(screen.getByTestId('outbox-status').textContent).toBe('Saved'))
    expect(screen.getByTestId('session-decisions').textContent).toBe('2')
  })

  it('gives no hint on evaluation items, whatever the service sends along', async () => {
    const leaky: Task = {
      ...task(1, 'evaluation'),
      pick: {
        cycle_number: 3,
        acquisition: 'entropy-gradnorm',
        score: 0.4,
        rank: 2,
        batch_size: 40,
        reason: 'The model says barrel.',
      },
    }
    renderApp('/projects/demo/label', answers([leaky]))
    await shows(1)
    expect(screen.getByText('Evaluation particle')).toBeDefined()
    expect(document.body.textContent).not.toMatch(/The model says barrel|rank|entropy|0\.4/i)
  })

  it('shows a picked item with its reason and score', async () => {
    const picked = task(1)
    const pick = { ...picked.pick!, score: 0.4354, reason: 'Entropy-gradnorm put it at rank 3 of 40.' }
    renderApp('/projects/demo/label', answers([{ ...picked, pick }]))
    await shows(1)
    expect(screen.getByText('Entropy-gradnorm put it at rank 3 of 40. Score 0.435.')).toBeDefined()
  })

  it('tells after the decision what the model said, and asks nothing of evaluation items', async () => {
    const view = {
      cycle: 3,
      prediction: { kind: 'class', class_id: fixtures.project.classes[0]!.id },
      confidence: 0.83,
      choices: [{ kind: 'class', class_id: fixtures.project.classes[0]!.id, probability: 0.83 }],
      unlike: null,
    }
    const ask = (id: number): string => `GET /projects/demo/subtomograms/${id}/model-view`
    const { service, user } = renderApp(
      '/projects/demo/label',
      answers([task(1), task(2, 'evaluation'), task(3)], { [ask(1)]: view, [ask(2)]: view, [ask(3)]: view }),
    )
    await shows(1)
    expect(service.count(ask(1))).toBe(0)
    await user.keyboard('2')
    const last = await screen.findByTestId('last-decision')
    const name = fixtures.project.classes[0]!.name
    await waitFor(() => expect(last.textContent).toContain(`The model said ${name}, 83 %`))
    await shows(2)
    await user.keyboard('1')
    await shows(3)
    await waitFor(() => expect(screen.getByTestId('outbox-status').textContent).toBe('Saved'))
    expect(service.count(ask(2))).toBe(0)
    expect(last.textContent).not.toContain('model')
  })

  it('shows the suggestion beside the answers where the project always does, and says so with the decision', async () => {
    const [first, second] = fixtures.project.classes
    const chance = (class_id: string, probability: number) => ({ kind: 'class', class_id, probability })
    const choices = [chance(second!.id, 0.7), chance(first!.id, 0.25), { ...chance('', 0.05), kind: 'junk' }]
    const { service, user } = renderApp(
      '/projects/demo/label',
      answers([task(1), task(2)], {
        'GET /projects/demo': {
          ...fixtures.project,
          settings: { ...fixtures.project.settings, suggestions: 'always' },
        },
        'GET /projects/demo/subtomograms/1/model-view': {
          cycle: 3,
          prediction: choices[0],
          confidence: 0.7,
          choices,
          unlike: null,
        },
      }),
    )
    await shows(1)
    expect(await screen.findByText('70 %', { exact: true })).toBeDefined()
    expect(screen.getByText('25 %')).toBeDefined()
    await user.keyboard('1')
    await shows(2)
    await user.keyboard('1')
    await waitFor(() => expect(service.count(DECIDE)).toBe(2))
    const sent = service.asked.filter(({ key }) => key === DECIDE).map(({ body }) => body as DecisionBody)
    expect(sent.find(({ subtomogram_id: id }) => id === 1)?.suggestion_shown).toBe(true)
    expect(sent.find(({ subtomogram_id: id }) => id === 2)?.suggestion_shown).toBe(false)
  })

  it('says after a break what the model learned, and goes on by Enter', async () => {
    const pool: Task[] = []
    const all = answers(
      [],
      Object.fromEntries(
        [21, 22].map((id) => [
          `GET /projects/demo/subtomograms/${id}/volume`,
          () => new Response(new Uint8Array(8), { headers: volumeHeaders }),
        ]),
      ),
    )
    let batch = 2
    all[CLAIM] = (body: { count: number }) => {
      const tasks = pool.splice(0, body.count)
      const empty = {
        code: 'cycle-running',
        title: 'A cycle is running',
        detail: 'Wait.',
        may_add_random: false,
      }
      const queue = { ...fixtures.progress.queue, batch_cycle_number: batch }
      return { tasks, empty: tasks.length === 0 ? empty : null, queue }
    }
    const { user } = renderApp('/projects/demo/label', all)
    expect(await screen.findByText('A cycle is running')).toBeDefined()
    pool.push(task(21), task(22))
    batch = 3
    act(() => FakeEventSource.last.send('queue', { cycle_number: 3, reason: 'new-batch' }))
    expect(await screen.findByText('Cycle 3 is ready, and new picks are here')).toBeDefined()
    expect(await screen.findByText('Accuracy before')).toBeDefined()
    expect(screen.getByText('71 %')).toBeDefined()
    expect(screen.getByText('84 %')).toBeDefined()
    await user.keyboard('1') // The particle under the report is not to be decided.
    await user.keyboard('{Enter}')
    await shows(21)
  })

  it('takes the last decision back', async () => {
    const undo = { event_id: 2, task: task(1) }
    const { service, user } = renderApp(
      '/projects/demo/label',
      answers([task(1), task(2)], { 'POST /projects/demo/decisions/1/undo': undo }),
    )
    await shows(1)
    await user.keyboard('j')
    await shows(2)
    await waitFor(() => expect(service.count(DECIDE)).toBe(1))
    await user.keyboard('z')
    await shows(1)
    expect(await screen.findByText('Taken back: decide this one again.')).toBeDefined()
    await waitFor(() => expect(service.count('POST /projects/demo/decisions/1/undo')).toBe(1))
  })

  it('says why there is nothing to do and what comes next', async () => {
    renderApp('/projects/demo/label', answers([]))
    expect(await screen.findByText('You have answered this batch')).toBeDefined()
    expect(screen.getByRole('link', { name: 'To the cycles' }).getAttribute('href')).toBe(
      '/projects/demo/cycles',
    )
    expect(screen.getByRole('button', { name: 'Label further random particles' })).toBeDefined()
    expect(screen.getByText('Nothing to decide just now')).toBeDefined()
  })

  it('keeps decisions while there is no connection', async () => {
    const { service, user } = renderApp('/projects/demo/label', answers([task(1), task(2), task(3)]))
    await shows(1)
    await screen.findByTestId('outbox-status')
    service.down = true
    await user.keyboard('1')
    await shows(2)
    await user.keyboard('1')
    await waitFor(() =>
      expect(screen.getByTestId('outbox-status').textContent).toBe('2 waiting for the connection'),
    )
    service.down = false
    await act(async () => window.dispatchEvent(new Event('online')))
    await waitFor(() => expect(screen.getByTestId('outbox-status').textContent).toBe('Saved'))
    expect(
      new Set(
        service.asked
          .filter(({ key }) => key === DECIDE)
          .map(({ headers }) => headers.get('Idempotency-Key')),
      ).size,
    ).toBe(2)
  })

  it('tells of new picks and of the cycle under way', async () => {
    const { user } = renderApp(
      '/projects/demo/label',
      answers([task(1)], { 'GET /projects/demo/cycles': fixtures.page([fixtures.runningCycle]) }),
    )
    await shows(1)
    expect((await screen.findAllByText(/Cycle 4: training… \d+ %/)).length).toBeGreaterThan(0)
    act(() => FakeEventSource.last.send('queue', { cycle_number: 4, reason: 'new-batch' }))
    expect(await screen.findByText('New picks from cycle 4 are here.')).toBeDefined()
    await user.click(screen.getByRole('button', { name: 'Dismiss' }))
    await waitFor(() => expect(screen.queryByText('New picks from cycle 4 are here.')).toBeNull())
  })

  it('shows its keys on request, and keys typed there decide nothing', async () => {
    const { service, user } = renderApp('/projects/demo/label', answers([task(1), task(2)]))
    await shows(1)
    await user.keyboard('?')
    const sheet = await screen.findByRole('dialog', { name: 'Help' })
    expect(within(sheet).getByText('hollow sphere')).toBeDefined()
    expect(within(sheet).getByText('More slices in one picture')).toBeDefined()
    await user.keyboard('1')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(service.count(DECIDE)).toBe(0)
    expect(screen.getByText('TS_01/1')).toBeDefined()
  })

  it('has nothing to decide for viewers and for projects without classes', async () => {
    renderApp('/projects/demo/label', { 'GET /projects/demo': { ...fixtures.project, role: 'viewer' } })
    expect(await screen.findByText('You can look, but not label here')).toBeDefined()
  })

  it('asks for classes first', async () => {
    renderApp('/projects/demo/label', { 'GET /projects/demo': { ...fixtures.project, classes: [] } })
    expect(await screen.findByText('This project has no classes yet')).toBeDefined()
  })
})
