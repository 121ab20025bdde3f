import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { jobLabelsImported, jobLabelsUnknown, page, project, sources } from '../../../testing/fixtures'
import { renderApp } from '../../../testing/renderApp'

const SOURCE = sources.items[0]?.id

const open = async (changes = {}) => {
  const app = renderApp('/projects/demo/data', changes)
  await app.user.click(await screen.findByText('Import labels', { selector: 'summary' }))
  return app
}

it('asks what unknown values mean, and writes nothing before that is said', async () => {
  let asked = 0
  const { service, user } = await open({
    'POST /projects/demo/label-imports': () => {
      asked += 1
      return { ...(asked === 1 ? jobLabelsUnknown : jobLabelsImported), id: `l${asked}`, state: 'queued' }
    },
    'GET /projects/demo/jobs/l1': { ...jobLabelsUnknown, id: 'l1' },
    'GET /projects/demo/jobs/l2': { ...jobLabelsImported, id: 'l2' },
  })
  await user.click(screen.getByRole('button', { name: 'Import labels' }))
  expect(screen.getByText('Give them a name, such as the job’s.')).toBeDefined()
  expect(asked).toBe(0)
  await user.type(screen.getByLabelText('Where these labels are from'), 'Class3D')
  await user.selectOptions(screen.getByLabelText('Column with the classes'), 'rlnColumn3')
  await user.click(screen.getByRole('button', { name: 'Import labels' }))
  await user.type(await screen.findByLabelText('Class for 1'), 'barrel')
  await user.click(screen.getByRole('button', { name: 'Import labels' }))
  expect(await screen.findByText('124 labels in the name of Class3D; 3 rows left out.')).toBeDefined()
  expect(service.last('POST /projects/demo/label-imports').body).toEqual({
    as: 'labels',
    importer: 'Class3D',
    column: 'rlnColumn3',
    source_id: SOURCE,
    classes: { 1: 'barrel', 2: null },
    create_classes: false,
  })
})

it('takes labels of a file on the server, with its whole path', async () => {
  const { service, user } = await open({ 'POST /projects/demo/label-imports': jobLabelsImported })
  await user.click(screen.getByLabelText('In a file on the server'))
  await user.type(screen.getByLabelText('Where these labels are from'), 'Class3D')
  await user.type(screen.getByLabelText('Path of the file on the server'), 'run.star')
  await user.click(screen.getByRole('button', { name: 'Import labels' }))
  expect(screen.getByText('Give the whole path, beginning with “/”.')).toBeDefined()
  await user.clear(screen.getByLabelText('Path of the file on the server'))
  await user.type(screen.getByLabelText('Path of the file on the server'), '/data/run.star')
  await user.click(screen.getByRole('button', { name: 'Import labels' }))
  await waitFor(() => expect(service.count('POST /projects/demo/label-imports')).toBe(1))
  expect(service.last('POST /projects/demo/label-imports').body).toMatchObject({ path: '/data/run.star' })
})

it('takes a whole import of labels back', async () => {
  const { service, user } = renderApp('/projects/demo/data', {
    'GET /projects/demo/jobs': page([jobLabelsImported]),
    'DELETE /projects/demo/label-imports/l0': jobLabelsImported,
  })
  await user.click(await screen.findByRole('button', { name: 'Take back…' }))
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Take them back' }))
  await waitFor(() => expect(service.count('DELETE /projects/demo/label-imports/l0')).toBe(1))
})

it('is offered to who may import, once there are particles', async () => {
  const { unmount } = renderApp('/projects/demo/data', {
    'GET /projects/demo': { ...project, role: 'annotator' },
  })
  await screen.findByRole('table', { name: 'Imported particle lists' })
  expect(screen.queryByText('Labels that exist already')).toBeNull()
  unmount()
  renderApp('/projects/demo/data', { 'GET /projects/demo/sources': page([]) })
  await screen.findByText('Nothing imported yet')
  expect(screen.queryByText('Labels that exist already')).toBeNull()
})
