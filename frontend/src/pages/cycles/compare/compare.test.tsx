import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { classChanges, page, readyCycles } from '../../../testing/fixtures'
import { renderApp } from '../../../testing/renderApp'
import { confusionDifference, differenceInPoints } from './differences'

const COMPARE = '/projects/demo/cycles/compare?before=2&after=3'

it('sets the figures of both beside each other', async () => {
  renderApp(COMPARE)
  const table = within(await screen.findByRole('table', { name: 'Figures of both cycles' }))
  expect(table.getByRole('row', { name: /^Accuracy/ }).textContent).toBe(
    'Accuracy71 % (53–85 %), n = 2684 % (68–93 %), n = 33+13.0 points',
  )
  expect(table.getByRole('row', { name: /^Labels/ }).textContent).toBe('Labels learned from102142+40')
})

it('leads to the particles that changed class, left for the gallery in this tab', async () => {
  const { service, user } = renderApp(COMPARE, {
    'GET /projects/demo/cycles/3/class-changes/particles': { count: 2, subtomogram_ids: [11, 12] },
  })
  expect(await screen.findByText('41 particles')).toBeDefined()
  await user.click(
    screen.getByRole('button', { name: 'Show the particles that went from double ring to hollow sphere' }),
  )
  await waitFor(() => expect(window.location.search).toBe('?ids=session'))
  expect(window.location.pathname).toBe('/projects/demo/gallery')
  expect(JSON.parse(sessionStorage.getItem('tomosift.gallery.ids') ?? '')).toEqual([11, 12])
  expect(service.count('GET /projects/demo/cycles/3/class-changes/particles')).toBe(1)
})

it('compares the two newest where none are named, and others when chosen', async () => {
  const { user } = renderApp('/projects/demo/cycles/compare', {
    'GET /projects/demo/cycles/3/class-changes': { ...classChanges, before: 1 },
  })
  expect(((await screen.findByLabelText('Before')) as HTMLSelectElement).value).toBe('2')
  await user.selectOptions(screen.getByLabelText('Before'), '1')
  await waitFor(() => expect(window.location.search).toBe('?before=1&after=3'))
})

it('asks for a second cycle where there is one', async () => {
  renderApp(COMPARE, { 'GET /projects/demo/cycles': page(readyCycles.slice(2)) })
  expect(await screen.findByText('Nothing to compare yet')).toBeDefined()
})

it('knows where a class is confused more, and where nobody can tell', () => {
  const before = { names: ['a', 'b', 'c'], rows: [[2, 2, 0], [0, 0, 0], [0, 0, 1]] } // prettier-ignore
  const after = { names: ['a', 'b'], rows: [[3, 1], [1, 3]] } // prettier-ignore
  expect(confusionDifference(before, after)).toEqual({
    names: ['a', 'b'],
    rows: [
      [0.25, -0.25],
      [null, null],
    ],
  })
  expect([
    differenceInPoints(0.5, 0.542),
    differenceInPoints(0.5, 0.49),
    differenceInPoints(null, 1),
  ]).toEqual(['+4.2 points', '−1.0 points', '–'])
})
