import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { useConnection } from '../api/connection'
import { session } from '../testing/fixtures'
import { renderApp } from '../testing/renderApp'
import { NOBODY, Refusal } from '../testing/service'
import { setTheme } from './theme'

afterEach(() => setTheme('system'))

describe('signing out by time', () => {
  it('keeps the page, takes a pasted link, and goes on', async () => {
    const { service, user } = renderApp('/projects/demo')
    await screen.findByText(/^Label the 28 particles left/)
    service.answers['GET /session'] = NOBODY
    act(() => useConnection.setState({ signedOut: true }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Your sign-in has ended' }))
    expect(dialog.getByText('tomosift user link ada')).toBeDefined()
    expect(screen.getByText(/^Label the 28 particles left/)).toBeDefined()

    service.answers['POST /session'] = () => {
      service.answers['GET /session'] = session
      return { ...session, expires_at: '2026-12-20T00:00:00Z' }
    }
    const before = service.count('GET /projects/demo/progress')
    await user.type(dialog.getByLabelText('Sign-in link'), 'http://lab/sign-in#token=fresh12345678')
    await user.click(dialog.getByRole('button', { name: 'Sign in' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    await waitFor(() => expect(service.count('GET /projects/demo/progress')).toBeGreaterThan(before))
    expect(window.location.pathname).toBe('/projects/demo')
  })

  it('is noticed from any refused request, and ends when another tab has signed in', async () => {
    const { service } = renderApp('/projects/demo', { 'GET /projects/demo/learning-curve': NOBODY })
    expect(await screen.findByRole('dialog', { name: 'Your sign-in has ended' })).toBeDefined()
    service.answers['GET /projects/demo/learning-curve'] = { points: [], reference: null }
    act(() => void window.dispatchEvent(new Event('focus')))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  it('hands nothing over to someone else', async () => {
    const { service } = renderApp('/')
    await screen.findByRole('heading', { name: 'Projects' })
    service.answers['GET /session'] = { user: { ...session.user, id: 'someone-else' } }
    act(() => useConnection.setState({ signedOut: true }))
    act(() => void window.dispatchEvent(new Event('focus')))
    await waitFor(() => expect(service.count('GET /session')).toBeGreaterThan(1))
    await act(() => new Promise((resolve) => setTimeout(resolve, 50)))
    // The page is loaded anew (which jsdom cannot do); until then it stays closed.
    expect(useConnection.getState().signedOut).toBe(true)
    expect(service.count('GET /projects')).toBe(1)
  })
})

describe('a lost connection', () => {
  it('is shown, watched, and everything is read anew when it is back', async () => {
    const { service } = renderApp('/projects/demo')
    await screen.findByText(/^Label the 28 particles left/)
    service.down = true
    act(() => useConnection.setState({ reachable: false }))
    expect(screen.getByText(/No connection to Tomosift/)).toBeDefined()
    const before = service.count('GET /projects/demo/progress')
    service.down = false
    act(() => void window.dispatchEvent(new Event('online')))
    await waitFor(() => expect(screen.queryByText(/No connection to Tomosift/)).toBeNull())
    await waitFor(() => expect(service.count('GET /projects/demo/progress')).toBeGreaterThan(before))
  })

  it('at the very start leaves a way to try again', async () => {
    const { service, user } = renderApp('/nothing-cached', {})
    service.down = true
    const again = await screen.findByRole('button', { name: 'Try again' })
    service.down = false
    await user.click(again)
    expect(await screen.findByRole('heading', { name: 'Nothing here' })).toBeDefined()
  })
})

describe('addresses that lead nowhere', () => {
  it('are told apart from projects one may not see', async () => {
    const { unmount } = renderApp('/nowhere')
    expect(await screen.findByRole('heading', { name: 'Nothing here' })).toBeDefined()
    unmount()
    renderApp('/projects/secret', {
      'GET /projects/secret': new Refusal(404, 'not-found', 'Not found', 'No such project.'),
    })
    expect(await screen.findByRole('heading', { name: 'No such project' })).toBeDefined()
  })

  it('inside a project keep its navigation', async () => {
    renderApp('/projects/demo/nowhere')
    expect(await screen.findByRole('heading', { name: 'Nothing here' })).toBeDefined()
    expect(screen.getByRole('link', { name: 'Cycles' })).toBeDefined()
  })
})

describe('the top bar', () => {
  it('marks where one is', async () => {
    renderApp('/projects/demo/data')
    const link = await screen.findByRole('link', { name: 'Data' })
    expect(link.getAttribute('aria-current')).toBe('page')
    expect(screen.getByRole('link', { name: 'Overview' }).getAttribute('aria-current')).toBeNull()
  })

  it('changes the theme and keeps it', async () => {
    const { user } = renderApp('/')
    await user.click(await screen.findByRole('button', { name: /^Account and appearance/ }))
    await user.click(screen.getByRole('radio', { name: 'Dark' }))
    expect(document.documentElement.dataset['theme']).toBe('dark')
    expect(localStorage.getItem('tomosift.theme')).toBe('dark')
    await user.click(screen.getByRole('radio', { name: 'System' }))
    expect(document.documentElement.dataset['theme']).toBeUndefined()
    expect(localStorage.getItem('tomosift.theme')).toBeNull()
  })

  it('closes its menu by Escape and gives the focus back', async () => {
    const { user } = renderApp('/')
    const toggle = await screen.findByRole('button', { name: /^Account and appearance/ })
    await user.click(toggle)
    expect(toggle.getAttribute('aria-expanded')).toBe('true')
    await user.keyboard('{Escape}')
    expect(screen.queryByRole('radio', { name: 'Dark' })).toBeNull()
    expect(document.activeElement).toBe(toggle)
  })

  it('opens help', async () => {
    const { user } = renderApp('/')
    await user.click(await screen.findByRole('button', { name: 'Help' }))
    const help = await screen.findByRole('dialog', { name: 'Help' })
    expect(within(help).getByRole('heading', { name: 'How Tomosift works' })).toBeDefined()
    await user.click(within(help).getByRole('button', { name: 'Close' }))
    expect(screen.queryByRole('dialog')).toBeNull()
  })
})
