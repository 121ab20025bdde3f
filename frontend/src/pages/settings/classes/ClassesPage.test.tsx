import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { page, project } from '../../../testing/fixtures'
import { renderApp } from '../../../testing/renderApp'
import { Refusal } from '../../../testing/service'

const classes = project.classes.slice(0, 2).map((each, at) => ({ ...each, labels: 120 * at, examples: [] }))
const [first, second] = classes.map(({ id, name }) => ({ id, name })) as [
  { id: string; name: string },
  { id: string; name: string },
]
const retired = [
  { id: 'c-old', name: 'old disc', color: '#004c78', retired_in_version: 2, merged_into_id: first.id },
]
const consequence = {
  kind: 'merge',
  class_name: second.name,
  labels: 120,
  evaluation_labels: 3,
  models: 1,
  examples: 0,
  asked_again: 0,
  by_job: false,
  sentences: [`123 labels of ${second.name} count as ${first.name} from now on.`],
}

const open = (changes: Record<string, unknown> = {}) =>
  renderApp('/projects/demo/settings/classes', {
    'GET /projects/demo/class-set': { class_set_version: 2, classes, retired },
    'GET /projects/demo/class-set/history': page([
      {
        version: 2,
        kind: 'merge',
        details: { class_name: 'old disc', into: first.name },
        changed_by: 'Ada Lindqvist',
        created_at: project.created_at,
      },
    ]),
    'POST /projects/demo/class-set/preview': consequence,
    ...changes,
  })

it('shows what a merge would do before it does it', async () => {
  const { service, user } = open({
    'POST /projects/demo/class-set/changes': { class_set_version: 3, version: 2, consequence },
  })
  await user.click(await screen.findByRole('button', { name: `Merge ${second.name}` }))
  const dialog = within(screen.getByRole('dialog'))
  expect(await dialog.findByText(/123 labels of/)).toBeDefined()
  expect(service.count('POST /projects/demo/class-set/changes')).toBe(0)
  await user.click(dialog.getByRole('button', { name: 'Merge' }))
  expect(await screen.findByText(`Merge ${second.name}: done.`)).toBeDefined()
  expect(service.last('POST /projects/demo/class-set/changes').body).toEqual({
    kind: 'merge',
    class_id: second.id,
    into_id: first.id,
  })
})

it('says why a change is refused, and does nothing', async () => {
  const { service, user } = open({
    'POST /projects/demo/class-set/preview': new Refusal(409, 'last-class', 'No', 'Add another class first.'),
  })
  await user.click(await screen.findByRole('button', { name: `Retire ${first.name}` }))
  const dialog = within(screen.getByRole('dialog'))
  expect((await dialog.findByRole('alert')).textContent).toContain('Add another class first.')
  expect(dialog.getByRole<HTMLButtonElement>('button', { name: 'Retire' }).disabled).toBe(true)
  expect(service.count('POST /projects/demo/class-set/changes')).toBe(0)
})

it('sends only what was changed of a class', async () => {
  const { service, user } = open({ [`PATCH /projects/demo/classes/${first.id}`]: project.classes[0] })
  await user.click(await screen.findByRole('button', { name: `Edit ${first.name}` }))
  const dialog = within(screen.getByRole('dialog'))
  await user.type(dialog.getByLabelText('Guidelines'), 'Round.')
  await user.click(dialog.getByRole('button', { name: 'Save' }))
  expect(await screen.findByText(`${first.name} is saved.`)).toBeDefined()
  expect(service.last(`PATCH /projects/demo/classes/${first.id}`).body).toEqual({ description: 'Round.' })
})

it('shows annotators the guidelines and versions, and nothing to change', async () => {
  open({ 'GET /projects/demo': { ...project, role: 'annotator' } })
  expect(await screen.findByText(`old disc merged into ${first.name}`)).toBeDefined()
  expect(screen.queryByRole('button', { name: `Edit ${first.name}` })).toBeNull()
  expect(screen.queryByRole('button', { name: 'Restore old disc' })).toBeNull()
})
