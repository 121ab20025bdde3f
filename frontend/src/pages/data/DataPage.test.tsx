import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { FakeEventSource } from '../../testing/FakeEventSource'
import { jobsFailed, jobsImporting, jobsJustDone, page, project } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { describeImport } from './importResult'
import { rowErrorsIn } from './RowErrors'
import { flavourTitle } from './SourceTable'

describe('the data page', () => {
  it('lists the imported particle lists', async () => {
    renderApp('/projects/demo/data')
    const table = within(await screen.findByRole('table', { name: 'Imported particle lists' }))
    expect(table.getByRole('row', { name: /particles\.star/ }).textContent).toContain(
      '60028³ voxels13.5 Å/voxelRELION 3.111',
    )
  })

  it('shows the command that imports into this project', async () => {
    const { user } = renderApp('/projects/demo/data', { 'GET /projects/demo/sources': page([]) })
    expect(await screen.findByText('Nothing imported yet')).toBeDefined()
    await user.click(screen.getByLabelText('By command'))
    expect(screen.getByText('tomosift import particles.star --project demo')).toBeDefined()
  })

  it('offers no import to who may not', async () => {
    renderApp('/projects/demo/data', { 'GET /projects/demo': { ...project, role: 'annotator' } })
    await screen.findByRole('table', { name: 'Imported particle lists' })
    expect(screen.queryByText('Bring your data')).toBeNull()
  })
})

describe('an import', () => {
  it('is followed live and can be cancelled', async () => {
    const { service, user } = renderApp('/projects/demo/data', {
      'GET /projects/demo/jobs': jobsImporting,
      'POST /projects/demo/jobs/j1/cancel': jobsImporting.items[0],
    })
    const bar = await screen.findByRole('progressbar', { name: 'Import' })
    expect(bar.getAttribute('aria-valuenow')).toBe('37.1')
    act(() =>
      FakeEventSource.last.send('job', {
        job: { id: 'j1', kind: 'import', state: 'running', progress: { done: 42107, total: 84213 } },
        cycle_number: null,
      }),
    )
    await waitFor(() => expect(bar.getAttribute('aria-valuenow')).toBe('50'))
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(service.count('POST /projects/demo/jobs/j1/cancel')).toBe(1))
  })

  it('that failed names each row and the reason', async () => {
    renderApp('/projects/demo/data', { 'GET /projects/demo/jobs': jobsFailed })
    expect((await screen.findByRole('alert')).textContent).toContain(
      'Nothing of this list was imported; 3 rows to mend.',
    )
    const table = within(screen.getByRole('table', { name: 'Rows that could not be imported' }))
    expect(table.getByRole('row', { name: /^202/ }).textContent).toContain('is cut short')
  })

  it('that has just ended says what came in and what to do next', async () => {
    renderApp('/projects/demo/data', { 'GET /projects/demo/jobs': jobsJustDone })
    expect((await screen.findByText(/560 particles added/)).textContent).toBe(
      '560 particles added; 40 were in the pool already.',
    )
    expect(screen.getByText(/12 of them are set aside at random/)).toBeDefined()
    expect(screen.getByRole('link', { name: 'Label particles' })).toBeDefined()
  })
})

it('tells of a list without anything new', () => {
  expect(describeImport({ added: 0, alreadyThere: 600, evaluation: 0 })).toBe(
    'Nothing new: all 600 particles were in the pool already.',
  )
})

it('reads row errors out of whatever a problem holds', () => {
  expect(rowErrorsIn(null)).toEqual([])
  expect(rowErrorsIn({ errors: 'many' })).toEqual([])
  expect(rowErrorsIn({ errors: [null, { row: 1 }, { row: 2, reason: 'missing' }] })).toEqual([
    { row: 2, reason: 'missing' },
  ])
})

it('writes a list’s format as people know it', () => {
  expect(flavourTitle('relion-3.1')).toBe('RELION 3.1')
  expect(flavourTitle('unknown')).toBe('unknown')
})
