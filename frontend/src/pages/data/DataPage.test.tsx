import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { FakeEventSource } from '../../testing/FakeEventSource'
import { jobsFailed, jobsImporting, page, project } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal } from '../../testing/service'
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
    renderApp('/projects/demo/data', { 'GET /projects/demo/sources': page([]) })
    expect(await screen.findByText('Nothing imported yet')).toBeDefined()
    expect(screen.getByText('tomosift import particles.star --project demo')).toBeDefined()
  })

  it('offers no import to who may not', async () => {
    renderApp('/projects/demo/data', { 'GET /projects/demo': { ...project, role: 'annotator' } })
    await screen.findByRole('table', { name: 'Imported particle lists' })
    expect(screen.queryByText(/tomosift import/)).toBeNull()
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

  it('starts from a path on the server', async () => {
    const { service, user } = renderApp('/projects/demo/data', {
      'POST /projects/demo/imports': jobsImporting.items[0],
    })
    await user.click(await screen.findByText('The files lie on the server already'))
    const field = screen.getByLabelText('Path of the particle list on the server')
    await user.type(field, 'particles.star')
    await user.click(screen.getByRole('button', { name: 'Import' }))
    expect(screen.getByRole('alert').textContent).toContain('beginning with “/”')
    expect(service.count('POST /projects/demo/imports')).toBe(0)
    await user.clear(field)
    await user.type(field, '/data/particles.star')
    await user.click(screen.getByRole('button', { name: 'Import' }))
    expect(await screen.findByText('The import has started.')).toBeDefined()
    expect(service.last('POST /projects/demo/imports').body).toEqual({ path: '/data/particles.star' })
  })

  it('from a path that may not be read says so', async () => {
    const { user } = renderApp('/projects/demo/data', {
      'POST /projects/demo/imports': new Refusal(
        422,
        'outside-roots',
        'This path cannot be read',
        'Ask to open the folder.',
      ),
    })
    await user.click(await screen.findByText('The files lie on the server already'))
    await user.type(screen.getByLabelText('Path of the particle list on the server'), '/etc/passwd')
    await user.click(screen.getByRole('button', { name: 'Import' }))
    expect((await screen.findByRole('alert')).textContent).toContain('Ask to open the folder.')
  })
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
