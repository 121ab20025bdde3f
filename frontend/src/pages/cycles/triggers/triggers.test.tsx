import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { project, triggersOff, triggersOn, triggersPaused } from '../../../testing/fixtures'
import { renderApp } from '../../../testing/renderApp'

const CYCLES = '/projects/demo/cycles'
const GET = 'GET /projects/demo/cycle-triggers'
const PUT = 'PUT /projects/demo/cycle-triggers'

it('says what starts cycles and how many labels wait', async () => {
  renderApp(CYCLES, { [GET]: triggersOn })
  expect(
    await screen.findByText(
      /^A cycle starts after 100 new labels, and every day at 02:00 \(Europe\/Berlin\)/,
    ),
  ).toBeDefined()
  expect(screen.getByText(/37 of 100 new labels are there/)).toBeDefined()
})

it('is set as a whole: when, and with which settings', async () => {
  const { service, user } = renderApp(CYCLES, { [PUT]: { ...triggersOff, after_labels: 50 } })
  expect(await screen.findByText(/Nothing starts by itself/)).toBeDefined()
  await user.click(screen.getByRole('button', { name: 'Set when cycles start' }))
  const dialog = within(screen.getByRole('dialog'))
  await user.click(await dialog.findByLabelText('After new labels'))
  const count = dialog.getByLabelText('New labels')
  await user.clear(count)
  expect(dialog.getByRole('alert').textContent).toContain('A whole number')
  await user.type(count, '50')
  await user.click(dialog.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(service.last(PUT).body).toMatchObject({
    after_labels: 50,
    nightly_at: null,
    settings: { preset: 'cpu-quick', acquisition: 'auto', batch_size: 40 },
  })
  expect(screen.getByText(/A cycle starts after 50 new labels/)).toBeDefined()
})

it('says why it is paused and goes on with what was set', async () => {
  const { service, user } = renderApp(CYCLES, { [GET]: triggersPaused, [PUT]: triggersOn })
  expect(await screen.findByText(/Cycle 4 failed: Training diverged./)).toBeDefined()
  await user.click(screen.getByRole('button', { name: 'Resume' }))
  await waitFor(() => expect(screen.queryByText(/Paused/)).toBeNull())
  const { after_labels, nightly_at, time_zone, settings } = triggersOn
  expect(service.last(PUT).body).toEqual({ after_labels, nightly_at, time_zone, settings })
})

it('is for curators to set', async () => {
  renderApp(CYCLES, { 'GET /projects/demo': { ...project, role: 'annotator' }, [GET]: triggersPaused })
  expect(await screen.findByText(/Cycle 4 failed/)).toBeDefined()
  expect(screen.queryByRole('button', { name: 'Resume' })).toBeNull()
  expect(screen.queryByRole('button', { name: 'Set when cycles start' })).toBeNull()
})
