import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { failedCycle, lineage, page, project, readyCycles } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'

const SECOND = {
  'GET /projects/demo/cycles/2': readyCycles[1],
  'GET /projects/demo/cycles/2/lineage': lineage,
}

it('goes back to an earlier model after saying what that means', async () => {
  const { service, user } = renderApp('/projects/demo/cycles/2', {
    ...SECOND,
    'PUT /projects/demo/serving-model': () => {
      service.answers['GET /projects/demo/cycles/2'] = { ...readyCycles[1], serves: true }
      return { cycle: 2, newest_cycle: 3, chosen_by: 'Ada L.', chosen_at: null }
    },
  })
  await user.click(await screen.findByRole('button', { name: 'Go back to this model' }))
  expect(within(screen.getByRole('dialog')).getByText(/choose another model at any time/)).toBeDefined()
  await user.click(screen.getByRole('button', { name: 'Use the model of cycle 2' }))
  expect(await screen.findByText('Its model is in use')).toBeDefined()
  expect(service.last('PUT /projects/demo/serving-model').body).toEqual({ cycle: 2 })
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Go back to this model' })).toBeNull())
})

it('goes forward again to the newest', async () => {
  const [newest, second, first] = readyCycles
  const cycles = [{ ...newest, serves: false }, { ...second, serves: true }, first]
  renderApp('/projects/demo/cycles/3', {
    'GET /projects/demo/cycles': page(cycles),
    'GET /projects/demo/cycles/3': cycles[0],
  })
  expect(await screen.findByRole('button', { name: 'Use the newest model again' })).toBeDefined()
})

it('offers an annotator no model to go back to', async () => {
  renderApp('/projects/demo/cycles/2', { ...SECOND, 'GET /projects/demo': { ...project, role: 'annotator' } })
  await screen.findByRole('table', { name: 'Quality by class' })
  expect(screen.queryByRole('button', { name: 'Go back to this model' })).toBeNull()
  expect(screen.queryByRole('link', { name: /^Compare/ })).toBeNull()
})

it('says where a cycle comes from, with checksums, and as a file', async () => {
  renderApp('/projects/demo/cycles/3')
  const part = within(await screen.findByRole('region', { name: 'Where it comes from' }))
  expect(await part.findByText(lineage.labels.checksum!)).toBeDefined()
  expect(part.getByText(/tomosift 0.1.0, python 3.11.2, torch 2.13.0/)).toBeDefined()
  expect(part.getByText(/training began with random weights/)).toBeDefined()
  const file = part.getByRole('link', { name: 'Download as JSON' })
  expect(file.getAttribute('href')).toBe('/api/v1/projects/demo/cycles/3/lineage')
  expect(file.getAttribute('download')).toBe('demo-cycle-3-lineage.json')
})

it('lists why each cycle was started, and whose model is in use', async () => {
  renderApp('/projects/demo/cycles')
  const table = within(await screen.findByRole('table', { name: 'Cycles' }))
  expect(table.getByRole('row', { name: /^Cycle 2/ }).textContent).toContain('Started after 104 new labels')
  expect(table.getByRole('row', { name: /^Cycle 3/ }).textContent).toContain('In use')
})

it('has nothing to compare or go back to where a cycle failed', async () => {
  renderApp('/projects/demo/cycles/4', { 'GET /projects/demo/cycles/4': failedCycle })
  await screen.findByText('Loss is not finite at step 212.')
  expect(screen.queryByRole('region', { name: 'Where it comes from' })).toBeNull()
  expect(screen.queryByRole('link', { name: /^Compare/ })).toBeNull()
})
