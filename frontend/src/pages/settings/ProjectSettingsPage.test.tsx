import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { labelRulePreview, project } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal } from '../../testing/service'
import { changesOf, draftErrors, draftOf } from './projectDraft'

const open = (changes: Record<string, unknown> = {}) =>
  renderApp('/projects/demo/settings/project', {
    'GET /projects/demo/review/label-rule': labelRulePreview,
    ...changes,
  })

it('shows what another label rule would change, then saves what differs', async () => {
  const { service, user } = open({
    'PATCH /projects/demo': {
      ...project,
      version: 2,
      settings: { ...project.settings, label_rule: 'majority', overlap_share: 0.1 },
    },
  })
  const save = await screen.findByRole('button', { name: 'Save changes' })
  expect((save as HTMLButtonElement).disabled).toBe(true)
  await user.click(screen.getByRole('radio', { name: 'The majority' }))
  expect(await screen.findByText('12 labels of 196 would change')).toBeDefined()
  expect(screen.getByText('8 from “barrel” to “double ring”')).toBeDefined()
  await user.clear(screen.getByLabelText('Asked of several people, %'))
  await user.type(screen.getByLabelText('Asked of several people, %'), '10')
  await user.click(screen.getByRole('radio', { name: 'Always' }))
  await user.click(save)
  expect(await screen.findByText('Saved.')).toBeDefined()
  const sent = service.last('PATCH /projects/demo')
  expect(sent.body).toEqual({
    settings: { label_rule: 'majority', overlap_share: 0.1, suggestions: 'always' },
  })
  expect(sent.headers.get('If-Match')).toBe('"1"')
})

it('does not write over what somebody else has changed meanwhile', async () => {
  const { service, user } = open({
    'PATCH /projects/demo': new Refusal(
      412,
      'changed-meanwhile',
      'The project has changed',
      'Read it again.',
    ),
  })
  await user.type(await screen.findByLabelText('Name'), ' mine')
  service.answers['GET /projects/demo'] = { ...project, name: 'Theirs', version: 2 }
  await user.click(screen.getByRole('button', { name: 'Save changes' }))
  await user.click(await screen.findByRole('button', { name: 'Show them as they are now' }))
  expect((screen.getByLabelText('Name') as HTMLInputElement).value).toBe('Theirs')
})

it('deletes in two steps, and restores', async () => {
  const deleted = { ...project, delete_after: '2027-01-02T10:00:00Z' }
  const { service, user } = open({
    'DELETE /projects/demo': deleted,
    'POST /projects/demo/restore': project,
  })
  await user.click(await screen.findByRole('button', { name: 'Delete this project…' }))
  const dialog = within(screen.getByRole('dialog'))
  await user.click(dialog.getByRole('button', { name: 'Delete the project' }))
  expect(dialog.getByRole('alert').textContent).toContain('not its name')
  expect(service.count('DELETE /projects/demo')).toBe(0)
  await user.type(dialog.getByLabelText(/^Type the project’s name/), project.name)
  await user.click(dialog.getByRole('button', { name: 'Delete the project' }))
  await user.click(await screen.findByRole('button', { name: 'Restore the project' }))
  expect(await screen.findByRole('heading', { name: 'Project settings' })).toBeDefined()
})

describe('the draft', () => {
  const draft = draftOf(project)
  it('differs in nothing at first, and is free of fractions’ dust', () => {
    expect(changesOf(project, draft)).toBeNull()
    expect(draft.evaluation_fraction).toBe('2')
  })
  it.each([
    [{ batch_size: '0' }, 'batch_size'],
    [{ batch_size: '2.5' }, 'batch_size'],
    [{ overlap_share: '' }, 'overlap_share'],
    [{ evaluation_minimum: '2000' }, 'evaluation_maximum'],
    [{ name: ' ' }, 'name'],
  ])('refuses %j', (part, field) => {
    expect(Object.keys(draftErrors({ ...draft, ...part }))).toEqual([field])
  })
})
