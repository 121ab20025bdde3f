import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { FakeEventSource } from '../../testing/FakeEventSource'
import { failedCycle, metrics, page, readyCycles, runningCycle, waitingCycle } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'

describe('a cycle that is ready', () => {
  it('shows its figures with interval and sample size', async () => {
    renderApp('/projects/demo/cycles/3')
    expect(await screen.findByText('95 % interval 68–93 %, from 33 evaluation particles')).toBeDefined()
    expect(screen.getByText('was 11.8 % before calibration, from 30 labels')).toBeDefined()
    const table = within(screen.getByRole('table', { name: 'Quality by class' }))
    expect(table.getByRole('row', { name: /^rod/ }).textContent).toBe(
      'rod475 % 40–95 %75 % 40–95 %75 % 40–95 %',
    )
    expect(screen.getByRole('link', { name: 'Label its picks' })).toBeDefined()
  })

  it('shows what was taken for what', async () => {
    renderApp('/projects/demo/cycles/3')
    const matrix = await screen.findByRole('table', { name: /Confusion matrix/ })
    expect(within(matrix).getByTitle('1 particle of rod taken for barrel').textContent).toBe('1')
    expect(within(matrix).getByTitle('8 particles of barrel taken for barrel').textContent).toBe('8')
  })

  it('says why accuracy is missing', async () => {
    const reason = 'Only 3 evaluation labels of the report half; 10 are needed.'
    renderApp('/projects/demo/cycles/3', {
      'GET /projects/demo/cycles/3': { ...readyCycles[0], metrics: { ...metrics, report: null, reason } },
    })
    expect(await screen.findByText('Accuracy was not measured')).toBeDefined()
    expect(screen.getByText(reason)).toBeDefined()
  })
})

describe('a cycle under way', () => {
  const running = { 'GET /projects/demo/cycles': page([runningCycle, ...readyCycles]) }

  it('follows its progress live', async () => {
    renderApp('/projects/demo/cycles/4', running)
    const bar = await screen.findByRole('progressbar', { name: 'Cycle 4: training' })
    expect(bar.getAttribute('aria-valuenow')).toBe('42')
    expect(screen.getByText('Cycle 4: Training, 25 %')).toBeDefined()
    act(() =>
      FakeEventSource.last.send('job', {
        job: {
          id: 'x',
          kind: 'cycle',
          state: 'running',
          progress: { stage: 'train', done: 320, total: 400, eta_seconds: 4 },
        },
        cycle_number: 4,
      }),
    )
    await waitFor(() => expect(bar.getAttribute('aria-valuenow')).toBe('80'))
    expect(screen.getByText('320 of 400')).toBeDefined()
    expect(screen.getByText('a few seconds left')).toBeDefined()
    expect(screen.getByText('Cycle 4: Training, 75 %')).toBeDefined()
  })

  it('is cancelled only after asking', async () => {
    const { service, user } = renderApp('/projects/demo/cycles/4', {
      ...running,
      'POST /projects/demo/cycles/4/cancel': runningCycle,
    })
    await user.click(await screen.findByRole('button', { name: 'Cancel' }))
    await user.click(screen.getByRole('button', { name: 'Let it run' }))
    expect(service.count('POST /projects/demo/cycles/4/cancel')).toBe(0)
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    await user.click(screen.getByRole('button', { name: 'Cancel the cycle' }))
    await waitFor(() => expect(service.count('POST /projects/demo/cycles/4/cancel')).toBe(1))
    expect(await screen.findByRole('button', { name: 'Cancelling…' })).toBeDefined()
  })

  it('says what keeps it waiting', async () => {
    renderApp('/projects/demo/cycles/4', { 'GET /projects/demo/cycles/4': waitingCycle })
    expect(await screen.findByText(/No worker has announced itself/)).toBeDefined()
    const bar = screen.getByRole('progressbar')
    expect(bar.hasAttribute('aria-valuenow')).toBe(false)
  })
})

it('explains a failure, shows the log, and offers to launch again', async () => {
  renderApp('/projects/demo/cycles/4', { 'GET /projects/demo/cycles/4': failedCycle })
  expect((await screen.findByRole('alert')).textContent).toContain('Training diverged')
  expect(screen.getByText('Loss is not finite at step 212.')).toBeDefined()
  expect(screen.getByRole('button', { name: 'Launch a cycle' })).toBeDefined()
})

it.each(['/projects/demo/cycles/99', '/projects/demo/cycles/abc', '/projects/demo/cycles/0'])(
  'says that %s is no cycle',
  async (path) => {
    renderApp(path)
    expect(await screen.findByRole('heading', { name: 'No such cycle' })).toBeDefined()
  },
)

it('tells what cycles are for before there is one', async () => {
  renderApp('/projects/demo/cycles', { 'GET /projects/demo/cycles': page([]) })
  expect(await screen.findByText('No cycle yet')).toBeDefined()
})
