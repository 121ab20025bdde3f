import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { invitationShown, session, sessionBegun } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { NOBODY, Refusal } from '../../testing/service'

const LINK = '/invitation#token=abcdefgh12345678'

it('says who invites to what, and makes an account', async () => {
  const { service, user } = renderApp(LINK, {
    'GET /session': NOBODY,
    'POST /invitations/look': invitationShown,
    'POST /invitations/accept': sessionBegun,
  })
  expect(await screen.findByRole('heading', { name: 'You are invited to “Demo: six shapes”' })).toBeDefined()
  expect(screen.getByText(/Ada Lindqvist invites you. You will be an annotator/)).toBeDefined()
  expect(window.location.hash).toBe('')
  await user.type(screen.getByLabelText('Your name'), 'Eve Holm')
  await user.type(screen.getByLabelText('Name to sign in with'), 'eve holm')
  await user.type(screen.getByLabelText('New password'), 'four words are easy')
  await user.click(screen.getByRole('button', { name: 'Make my account and join' }))
  expect(screen.getByRole('alert').textContent).toContain('Only letters')
  await user.clear(screen.getByLabelText('Name to sign in with'))
  await user.type(screen.getByLabelText('Name to sign in with'), 'eve')
  service.answers['GET /session'] = session
  await user.click(screen.getByRole('button', { name: 'Make my account and join' }))
  expect(await screen.findByRole('heading', { name: 'Projects' })).toBeDefined()
  expect(service.last('POST /invitations/accept').body).toEqual({
    token: 'abcdefgh12345678',
    name: 'eve',
    display_name: 'Eve Holm',
    password: 'four words are easy',
  })
})

it('lets somebody with an account join with it', async () => {
  const { service, user } = renderApp(LINK, {
    'POST /invitations/look': invitationShown,
    'POST /invitations/join': { slug: 'demo' },
  })
  await user.click(await screen.findByRole('button', { name: 'Join as Ada Lindqvist' }))
  expect(await screen.findByText(/^Label the 28 particles left/)).toBeDefined()
  expect(service.last('POST /invitations/join').body).toEqual({ token: 'abcdefgh12345678' })
})

it('explains an invitation that is over', async () => {
  renderApp(LINK, {
    'GET /session': NOBODY,
    'POST /invitations/look': new Refusal(410, 'invitation-used', 'It was used already', 'Ask for another.'),
  })
  expect((await screen.findByRole('alert')).textContent).toContain('Ask for another.')
  expect(screen.getByRole('link', { name: 'sign in' })).toBeDefined()
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
})
