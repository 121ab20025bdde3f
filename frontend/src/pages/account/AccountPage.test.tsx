import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { allWays, page, session, sessions, tokenMade, tokens } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal } from '../../testing/service'
import { deviceName } from './deviceName'

const open = (changes: Record<string, unknown> = {}) =>
  renderApp('/account', { 'GET /sessions': sessions, 'GET /tokens': tokens, ...changes })

it('marks this browser and ends another session', async () => {
  const { service, user } = open({ 'DELETE /sessions/s2': null })
  const here = within((await screen.findByText('Firefox on Linux')).closest('tr') as HTMLElement)
  expect(here.getByText('This one')).toBeDefined()
  expect(here.queryByRole('button')).toBeNull()
  service.answers['GET /sessions'] = page(sessions.items.slice(0, 1))
  await user.click(screen.getByRole('button', { name: 'Sign out Safari on macOS' }))
  expect(await screen.findByText('Signed out there.')).toBeDefined()
})

it('changes the name others see, also in the page’s own menu', async () => {
  const { service, user } = open({ 'PUT /session/name': session.user })
  const field = await screen.findByLabelText('Your name')
  expect(screen.getByRole('button', { name: 'Change the name' }).hasAttribute('disabled')).toBe(true)
  await user.clear(field)
  await user.type(field, ' Ada Holm ')
  service.answers['GET /session'] = { ...session, user: { ...session.user, display_name: 'Ada Holm' } }
  await user.click(screen.getByRole('button', { name: 'Change the name' }))
  expect(await screen.findByRole('button', { name: 'Account and appearance: Ada Holm' })).toBeDefined()
  expect(service.last('PUT /session/name').body).toEqual({ display_name: 'Ada Holm' })
})

it('disconnects the sign-in provider, or says what to do first', async () => {
  const { service, user } = open({
    'GET /sign-in-ways': allWays,
    'GET /session': { ...session, has_provider: true },
    'DELETE /session/provider': new Refusal(
      409,
      'no-other-way',
      'You could not sign in any more',
      'Set one.',
    ),
  })
  await user.click(await screen.findByRole('button', { name: 'Disconnect' }))
  expect((await screen.findByRole('alert')).textContent).toContain('You could not sign in any more')
  service.answers['DELETE /session/provider'] = null
  service.answers['GET /session'] = session
  await user.click(screen.getByRole('button', { name: 'Disconnect' }))
  expect(await screen.findByRole('link', { name: 'Connect with Institute login' })).toBeDefined()
})

it('makes a token with its limits and shows the secret once', async () => {
  const { service, user } = open({ 'POST /tokens': tokenMade })
  await user.click(await screen.findByRole('button', { name: 'New token' }))
  const dialog = within(screen.getByRole('dialog'))
  await user.type(dialog.getByLabelText('What it is for'), 'figures')
  await user.selectOptions(dialog.getByLabelText('Where'), 'demo')
  await user.click(dialog.getByRole('button', { name: 'Make token' }))
  expect((await screen.findByRole('textbox', { name: 'Access token' })).textContent).toBe('tms_9Xw2-secret')
  expect(service.last('POST /tokens').body).toEqual({
    name: 'figures',
    scope: 'read',
    project: 'demo',
    expires_in_days: 90,
  })
})

it('changes the password with the present one, and says when that is wrong', async () => {
  const { service, user } = open({
    'GET /sign-in-ways': allWays,
    'PUT /session/password': new Refusal(
      403,
      'password-needed',
      'The old password is not right',
      'Type it again.',
    ),
  })
  await user.type(await screen.findByLabelText('Present password'), 'wrong')
  await user.type(screen.getByLabelText('New password'), 'four words are easy')
  await user.click(screen.getByRole('button', { name: 'Set password' }))
  expect((await screen.findByRole('alert')).textContent).toContain('The old password is not right')
  expect(service.last('PUT /session/password').body).toEqual({ old: 'wrong', new: 'four words are easy' })
  const connect = await screen.findByRole('link', { name: 'Connect with Institute login' })
  expect(connect.getAttribute('href')).toContain('connect=true')
})

it.each([
  [null, 'Unknown browser'],
  ['curl/8.5', 'curl/8.5'],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge on Windows',
  ],
])('names the browser of %j', (device, name) => expect(deviceName(device)).toBe(name))
