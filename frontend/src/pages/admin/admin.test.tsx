import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import {
  accountLink,
  accounts,
  auditOlder,
  auditPage,
  invitations,
  session,
  system,
  systemInTrouble,
} from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal } from '../../testing/service'

const ADA = session.user.id

it('resets a password with a link shown once, and says why the last administrator stays', async () => {
  const { user } = renderApp('/admin', {
    'GET /accounts': accounts,
    'GET /invitations': invitations,
    [`POST /users/${ADA}/password-reset`]: accountLink,
    [`PATCH /users/${ADA}`]: new Refusal(
      409,
      'last-administrator',
      'The last one',
      'Make another one first.',
    ),
  })
  await user.click(await screen.findByRole('button', { name: 'Manage Ada Lindqvist' }))
  const dialog = within(screen.getByRole('dialog'))
  await user.click(dialog.getByRole('button', { name: 'Reset the password' }))
  const link = await dialog.findByRole('textbox', { name: 'Link for Ada Lindqvist' })
  expect(link.textContent).toBe(accountLink.url)
  await user.click(dialog.getByRole('button', { name: 'Switch off' }))
  expect((await dialog.findByRole('alert')).textContent).toContain('Make another one first.')
})

it('browses the audit log to its beginning', async () => {
  let asked = 0
  const { user } = renderApp('/admin/activity', {
    'GET /audit': () => {
      asked += 1
      return asked === 1 ? auditPage : auditOlder
    },
  })
  expect(await screen.findByText('launched a cycle')).toBeDefined()
  expect(screen.getByText('role: curator, was: viewer')).toBeDefined()
  await user.click(screen.getByRole('button', { name: 'Show older' }))
  expect(await screen.findByText('made the project')).toBeDefined()
  expect(screen.getByText('gave a role')).toBeDefined()
  expect(screen.queryByRole('button', { name: 'Show older' })).toBeNull()
  await user.selectOptions(screen.getByLabelText('What'), 'role')
  const csv = await screen.findByRole('link', { name: 'CSV' })
  await screen.findByText(/Download these/)
  expect(csv.getAttribute('href')).toBe('/api/v1/audit/file?format=csv&action=role')
})

it('shows what runs where, and how full the disk is', async () => {
  renderApp('/admin/system', { 'GET /system': system })
  expect(await screen.findByText('Everything runs')).toBeDefined()
  const worker = screen.getByRole('row', { name: /^Training lab/ })
  expect(worker.textContent).toContain('NVIDIA RTX 6000 Ada Generation51 GB')
  expect(worker.textContent).toContain('Cycle, train, 40 %')
  const waiting = screen.getByRole('row', { name: /Chlamydomonas.*Waiting/ })
  expect(within(waiting).getByRole('link').getAttribute('href')).toBe('/projects/er-membrane')
  const disk = screen.getByRole('meter', { name: 'Used of the disk of the data folder and the store' })
  expect(disk.getAttribute('aria-valuenow')).toBe('55')
  expect(screen.getByRole('row', { name: 'Volumes 412 GB' })).toBeDefined()
})

it('says what is wrong with the system and what to do', async () => {
  renderApp('/admin/system', { 'GET /system': systemInTrouble })
  expect(await screen.findByText('Workers get no messages')).toBeDefined()
  expect(screen.getByText('The disk of the data folder and the store is nearly full')).toBeDefined()
  expect(screen.getByText('No worker for training')).toBeDefined()
  expect(screen.getByText('Silent for 5 min 20 s')).toBeDefined()
  expect(screen.queryByText('Everything runs')).toBeNull()
})

it('is closed to others', async () => {
  const { service } = renderApp('/admin', {
    'GET /session': { ...session, user: { ...session.user, is_admin: false } },
  })
  expect(await screen.findByRole('heading', { name: 'For administrators' })).toBeDefined()
  expect(service.count('GET /accounts')).toBe(0)
})
