import 'fake-indexeddb/auto'
import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { closeHelp } from '../keys/helpSheet'
import * as fixtures from '../testing/fixtures'
import { renderApp } from '../testing/renderApp'
import { STEPS } from './steps'
import { useTour } from './tourState'

afterEach(() => {
  closeHelp()
  useTour.setState({ step: null })
})

const EMPTY_QUEUE = {
  'POST /projects/demo/tasks/claim': {
    tasks: [],
    empty: { code: 'batch-done-launch', title: 'Done', detail: 'Launch a cycle.', may_add_random: true },
    queue: fixtures.progress.queue,
  },
}

describe('the tour', () => {
  it('leads through both pages by the arrow keys, each card beside something that is there', async () => {
    const { user } = renderApp('/projects/demo', EMPTY_QUEUE)
    await user.click(await screen.findByRole('button', { name: 'Take the two-minute tour' }))
    for (const [index, step] of STEPS.entries()) {
      const card = await screen.findByRole('dialog', { name: step.title })
      expect(within(card).getByText(`${index + 1} of ${STEPS.length}`)).toBeDefined()
      await waitFor(() => expect(document.querySelector(step.anchor), step.anchor).not.toBeNull())
      expect(window.location.pathname).toBe(`/projects/demo${step.page}`)
      await waitFor(() => expect(document.activeElement?.textContent).toMatch(/Next|Done/))
      await user.keyboard('{ArrowRight}')
    }
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(screen.queryByText('New here?')).toBeNull()
  })

  it('goes back, ends by Escape, and is not offered to the same person again', async () => {
    const { user, unmount } = renderApp('/projects/demo')
    await user.click(await screen.findByRole('button', { name: 'Take the two-minute tour' }))
    await user.keyboard('{ArrowLeft}')
    expect(await screen.findByRole('dialog', { name: STEPS[0]?.title ?? '' })).toBeDefined()
    await user.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    unmount()
    const again = renderApp('/projects/demo')
    await screen.findByText(/^Label the 28 particles left/)
    expect(screen.queryByText('New here?')).toBeNull()
    again.unmount()
    const { session } = fixtures
    renderApp('/projects/demo', { 'GET /session': { ...session, user: { ...session.user, id: 'another' } } })
    expect(await screen.findByText('New here?')).toBeDefined()
  })

  it('starts again from the help sheet, from any page', async () => {
    const { user } = renderApp('/')
    await screen.findByRole('heading', { name: 'Projects' })
    await user.keyboard('?')
    const help = await screen.findByRole('dialog', { name: 'Help' })
    expect(within(help).getByText('This help')).toBeDefined()
    await user.click(await within(help).findByRole('button', { name: 'Take the two-minute tour' }))
    expect(await screen.findByRole('dialog', { name: STEPS[0]?.title ?? '' })).toBeDefined()
    expect(screen.queryByRole('dialog', { name: 'Help' })).toBeNull()
  })
})
