import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { invitationMade, invitations, members, page, project, users } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal } from '../../testing/service'

const open = (changes: Record<string, unknown> = {}) =>
  renderApp('/projects/demo/settings', {
    'GET /projects/demo/members': members,
    'GET /projects/demo/invitations': invitations,
    'GET /users': users,
    ...changes,
  })

const row = async (name: string) => within((await screen.findByText(name)).closest('tr') as HTMLElement)

it('changes a role; the last owner stays, and it says why', async () => {
  const { service, user } = open({
    'PUT /projects/demo/members/u-bo': { ...members.items[1], role: 'viewer' },
  })
  const ada = await row('Ada Lindqvist')
  expect(ada.getByText(/The last owner stays/)).toBeDefined()
  expect(ada.queryByRole('button')).toBeNull()
  await user.selectOptions(screen.getByLabelText('Role of Bo Karlsson'), 'viewer')
  expect(await screen.findByText('Bo Karlsson is now a viewer.')).toBeDefined()
  const sent = service.last('PUT /projects/demo/members/u-bo')
  expect([sent.body, sent.headers.get('If-Match')]).toEqual([{ role: 'viewer' }, '"4"'])
})

it('asks before it removes somebody, and says what was refused', async () => {
  const { service, user } = open({
    'DELETE /projects/demo/members/u-cho': new Refusal(412, 'changed-meanwhile', 'Changed', 'Read it again.'),
  })
  await user.click(await screen.findByRole('button', { name: 'Remove Cho Minji' }))
  const dialog = within(screen.getByRole('dialog'))
  expect(service.count('DELETE /projects/demo/members/u-cho')).toBe(0)
  const [ada, bo, cho] = members.items
  service.answers['GET /projects/demo/members'] = page([ada!, bo!, { ...cho!, role: 'curator', version: 9 }])
  await user.click(dialog.getByRole('button', { name: 'Remove' }))
  expect((await dialog.findByRole('alert')).textContent).toContain('Read it again.')
  expect(service.last('DELETE /projects/demo/members/u-cho').headers.get('If-Match')).toBe('"3"')
  await waitFor(() =>
    expect((screen.getByLabelText('Role of Cho Minji') as HTMLSelectElement).value).toBe('curator'),
  )
  service.answers['DELETE /projects/demo/members/u-cho'] = null
  service.answers['GET /projects/demo/members'] = page(members.items.slice(0, 2))
  await user.click(dialog.getByRole('button', { name: 'Remove' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(service.last('DELETE /projects/demo/members/u-cho').headers.get('If-Match')).toBe('"9"')
})

it('makes an invitation, shows its link once, and takes one back', async () => {
  const { service, user } = open({
    'POST /projects/demo/invitations': invitationMade,
    'DELETE /projects/demo/invitations/i1': null,
  })
  await user.click(await screen.findByRole('button', { name: 'Invite by link' }))
  const dialog = within(screen.getByRole('dialog'))
  await user.click(dialog.getByRole('radio', { name: 'Curator' }))
  await user.type(dialog.getByLabelText('Who it is for'), 'Eve')
  await user.click(dialog.getByRole('button', { name: 'Make the link' }))
  expect((await dialog.findByRole('textbox', { name: 'Invitation link' })).textContent).toBe(
    invitationMade.url,
  )
  expect(service.last('POST /projects/demo/invitations').body).toEqual({
    role: 'curator',
    note: 'Eve',
    expires_in_days: 7,
  })
  await user.click(dialog.getByRole('button', { name: 'Done' }))
  await user.click(screen.getByRole('button', { name: 'Take back the invitation for Eve' }))
  expect(await screen.findByText(/The invitation was taken back/)).toBeDefined()
})

it('shows others who is in, and nothing to change', async () => {
  open({ 'GET /projects/demo': { ...project, role: 'annotator' } })
  await row('Bo Karlsson')
  expect(screen.queryByRole('combobox')).toBeNull()
  expect(screen.queryByRole('button', { name: 'Invite by link' })).toBeNull()
})
