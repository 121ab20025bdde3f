import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { jobSimulating, page, project, session } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal } from '../../testing/service'
import { parseClassNames } from './classNamesText'

describe('the projects page', () => {
  it('lists projects with their progress', async () => {
    renderApp('/')
    const row = (await screen.findByRole('link', { name: 'Chlamydomonas, ER membrane' })).closest('li')
    expect(row?.textContent).toContain('1,260 of 84,213 particles labeled')
    expect(screen.getByText('Nothing imported yet')).toBeDefined()
    expect(screen.getByRole('link', { name: 'Demo: six shapes' }).getAttribute('href')).toBe('/projects/demo')
  })

  it('tells a newcomer how to begin', async () => {
    renderApp('/', {
      'GET /projects': page([]),
      'GET /session': { ...session, user: { ...session.user, is_admin: false } },
    })
    expect(await screen.findByRole('heading', { name: 'Bring your data' })).toBeDefined()
    expect(screen.getByText(/ask them to add you/)).toBeDefined()
    expect(screen.queryByRole('heading', { name: 'Try the demo' })).toBeNull()
  })

  it('lets an administrator make the demo project, and shows how far it is', async () => {
    const { service, user } = renderApp('/', {
      'GET /projects': page([]),
      'GET /projects/demo/sources': page([]),
      'GET /projects/demo/jobs': page([jobSimulating]),
      'POST /demo-project': { slug: 'demo', job: jobSimulating },
    })
    await user.click(await screen.findByRole('button', { name: 'Make the demo project' }))
    expect(await screen.findByText('Simulating')).toBeDefined()
    expect(screen.getByRole('progressbar', { name: 'Import' }).getAttribute('aria-valuenow')).toBe('40')
    expect(service.count('POST /demo-project')).toBe(1)
  })

  it('says what went wrong and tries again when asked', async () => {
    const { service, user } = renderApp('/', {
      'GET /projects': new Refusal(403, 'forbidden', 'Not allowed', 'Your account is locked.'),
    })
    expect((await screen.findByRole('alert')).textContent).toContain('Your account is locked.')
    service.answers['GET /projects'] = page([])
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('heading', { name: 'Bring your data' })).toBeDefined()
  })
})

describe('a new project', () => {
  const open = async (changes = {}) => {
    const app = renderApp('/', changes)
    await app.user.click(await screen.findByRole('button', { name: 'New project' }))
    return { ...app, dialog: within(screen.getByRole('dialog')) }
  }

  it('needs a name and two classes', async () => {
    const { service, user, dialog } = await open()
    await user.click(dialog.getByRole('button', { name: 'Create project' }))
    expect(dialog.getAllByRole('alert').map((alert) => alert.textContent)).toEqual([
      'Give the project a name.',
      'Name at least two classes: a network learns by telling them apart.',
    ])
    expect(service.count('POST /projects')).toBe(0)
  })

  it('is created with its classes and opened where its data come in', async () => {
    const { service, user, dialog } = await open({ 'POST /projects': project })
    await user.type(dialog.getByLabelText('Name'), '  Ribosomes ')
    await user.type(dialog.getByLabelText('Classes'), '80S, 60S\n40S')
    await user.click(dialog.getByRole('button', { name: 'Create project' }))
    expect(await screen.findByRole('heading', { name: 'Data' })).toBeDefined()
    expect(service.last('POST /projects').body).toEqual({
      name: 'Ribosomes',
      classes: [{ name: '80S' }, { name: '60S' }, { name: '40S' }],
    })
  })

  it('shows why the service refused', async () => {
    const { user, dialog } = await open({
      'POST /projects': new Refusal(409, 'slug-taken', 'The name is taken', 'Choose another name.'),
    })
    await user.type(dialog.getByLabelText('Name'), 'Demo')
    await user.type(dialog.getByLabelText('Classes'), 'a, b')
    await user.click(dialog.getByRole('button', { name: 'Create project' }))
    expect((await dialog.findByRole('alert')).textContent).toContain('Choose another name.')
  })
})

it('reads class names by line, comma or semicolon, each once', () => {
  expect(parseClassNames(' 80S\n\n60S, 40S; 80S ,')).toEqual(['80S', '60S', '40S'])
})
