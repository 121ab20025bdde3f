import { screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { allWays, session, sessionBegun as begun } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { NOBODY, Refusal } from '../../testing/service'

const LINK = '/sign-in#token=abcdefgh12345678'

it('trades the link’s token once, hides it, and opens the projects', async () => {
  const { service } = renderApp(LINK, { 'GET /session': NOBODY, 'POST /session': begun })
  expect(window.location.hash).toBe('')
  expect(await screen.findByRole('heading', { name: 'Projects' })).toBeDefined()
  expect(service.count('POST /session')).toBe(1)
  expect(service.last('POST /session').body).toEqual({ link_token: 'abcdefgh12345678' })
  expect(window.location.pathname).toBe('/')
})

it('explains a used link and takes another one', async () => {
  const used = new Refusal(401, 'link-used', 'This link was used already', 'Ask for a new one.')
  const { service, user } = renderApp(LINK, {
    'GET /session': NOBODY,
    'POST /session': (body: { link_token: string }) => (body.link_token === 'fresh12345678' ? begun : used),
  })
  expect((await screen.findByRole('alert')).textContent).toContain('This link was used already')
  await user.type(await screen.findByLabelText('Sign-in link'), 'http://lab:8765/sign-in#token=fresh12345678')
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
  expect(await screen.findByRole('heading', { name: 'Projects' })).toBeDefined()
  expect(service.count('POST /session')).toBe(2)
})

it('takes a link that is pasted over the address of the open page', async () => {
  renderApp('/sign-in', { 'GET /session': NOBODY, 'POST /session': begun })
  await screen.findByLabelText('Sign-in link')
  window.location.hash = '#token=fresh12345678'
  expect(await screen.findByRole('heading', { name: 'Projects' })).toBeDefined()
  expect(window.location.hash).toBe('')
})

it('offers to try a link again that got no answer', async () => {
  const { service, user } = renderApp(LINK, { 'GET /session': NOBODY, 'POST /session': begun })
  service.down = true
  const again = await screen.findByRole('button', { name: 'Try again' })
  service.down = false
  await user.click(again)
  expect(await screen.findByRole('heading', { name: 'Projects' })).toBeDefined()
})

it('says when what was pasted is no link', async () => {
  const { service, user } = renderApp('/sign-in', { 'GET /session': NOBODY })
  await user.type(await screen.findByLabelText('Sign-in link'), 'hello')
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
  expect(screen.getByRole('alert').textContent).toContain('no sign-in link')
  expect(service.count('POST /session')).toBe(0)
})

it('leads on who is signed in already, also from a link that was used', async () => {
  renderApp(LINK, { 'POST /session': new Refusal(401, 'link-used', 'This link was used already', 'Used.') })
  expect(await screen.findByRole('heading', { name: 'You are signed in as Ada Lindqvist' })).toBeDefined()
  expect(screen.getByRole('link', { name: 'Open your projects' }).getAttribute('href')).toBe('/')
})

it('brings one back to the page one wanted', async () => {
  const { service, user } = renderApp('/projects/demo/cycles?from=mail', {
    'GET /session': NOBODY,
    'POST /session': begun,
  })
  await user.type(await screen.findByLabelText('Sign-in link'), 'http://lab/sign-in#token=fresh12345678')
  expect(window.location.pathname).toBe('/sign-in')
  service.answers['GET /session'] = session
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
  expect(await screen.findByRole('heading', { name: 'Cycles' })).toBeDefined()
  await waitFor(() =>
    expect(window.location.pathname + window.location.search).toBe('/projects/demo/cycles?from=mail'),
  )
})

describe('with a password', () => {
  const open = (path: string, changes: Record<string, unknown> = {}) =>
    renderApp(path, {
      'GET /session': NOBODY,
      'GET /sign-in-ways': allWays,
      'POST /session': begun,
      ...changes,
    })

  it('signs in, and offers the provider beside it', async () => {
    const { service, user } = open('/projects/demo/cycles')
    await user.type(await screen.findByLabelText('Name'), 'ada')
    await user.type(screen.getByLabelText('Password'), 'four words are easy')
    expect(screen.getByRole('link', { name: 'Sign in with Institute login' }).getAttribute('href')).toBe(
      '/api/v1/oidc/start?return_to=%2Fprojects%2Fdemo%2Fcycles',
    )
    service.answers['GET /session'] = session
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    expect(await screen.findByRole('heading', { name: 'Cycles' })).toBeDefined()
    expect(service.last('POST /session').body).toEqual({ name: 'ada', password: 'four words are easy' })
  })

  it('says in place how long to wait after too many wrong ones', async () => {
    const { user } = open('/sign-in', {
      'POST /session': new Refusal(429, 'too-many', 'Too many at once', 'Try again in 14 min.'),
    })
    await user.type(await screen.findByLabelText('Name'), 'ada')
    await user.type(screen.getByLabelText('Password'), 'wrong{Enter}')
    expect((await screen.findByRole('alert')).textContent).toContain('Try again in 14 min.')
  })

  it('says what went wrong at the provider', async () => {
    open('/sign-in?problem=oidc-no-account')
    expect((await screen.findByRole('alert')).textContent).toContain('Ask the owner of a project')
  })

  it('asks for a new password after a link for a forgotten one', async () => {
    const { service, user } = open(LINK, {
      'POST /session': { ...begun, asks_password: true, has_password: false, may_set_password: true },
      'PUT /session/password': null,
    })
    await user.type(await screen.findByLabelText('New password'), 'too short')
    await user.click(screen.getByRole('button', { name: 'Set password' }))
    expect(screen.getByRole('alert').textContent).toContain('3 more')
    service.answers['GET /session'] = session
    await user.type(screen.getByLabelText('New password'), ' no more')
    await user.click(screen.getByRole('button', { name: 'Set password' }))
    expect(await screen.findByRole('heading', { name: 'Projects' })).toBeDefined()
    expect(service.last('PUT /session/password').body).toEqual({ new: 'too short no more', old: null })
  })

  it('asks for no password that could not be set: the link was opened too long ago', async () => {
    open('/new-password', { 'GET /session': { ...session, has_password: false } })
    expect(await screen.findByText(/more than 15 minutes .* can make you a new one/)).toBeDefined()
    expect(screen.queryByLabelText('New password')).toBeNull()
  })
})
