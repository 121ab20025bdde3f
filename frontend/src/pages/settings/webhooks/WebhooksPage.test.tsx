import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { deliveries, page, webhookMade, webhooks } from '../../../testing/fixtures'
import { renderApp } from '../../../testing/renderApp'
import { Refusal } from '../../../testing/service'

it('adds one, says why an address is refused, and shows the secret once', async () => {
  const { service, user } = renderApp('/projects/demo/settings/webhooks', {
    'GET /projects/demo/webhooks': page([]),
    'POST /projects/demo/webhooks': new Refusal(
      422,
      'host-not-allowed',
      'Not there',
      'Hosts: lab.example.org.',
    ),
  })
  await user.click(await screen.findByRole('button', { name: 'Add a webhook' }))
  const dialog = within(screen.getByRole('dialog'))
  await user.type(dialog.getByLabelText('Address'), 'https://elsewhere.example/')
  await user.click(dialog.getByRole('button', { name: 'Add' }))
  expect((await dialog.findByRole('alert')).textContent).toContain('Hosts: lab.example.org.')
  service.answers['POST /projects/demo/webhooks'] = webhookMade
  await user.click(dialog.getByRole('button', { name: 'Add' }))
  expect((await screen.findByRole('textbox', { name: 'Secret of the webhook' })).textContent).toBe(
    'whsec_c2VjcmV0',
  )
})

it('shows what was sent and sends it again', async () => {
  const { service, user } = renderApp('/projects/demo/settings/webhooks', {
    'GET /projects/demo/webhooks': webhooks,
    'GET /projects/demo/webhooks/w1/deliveries': deliveries,
    'POST /projects/demo/webhooks/w1/deliveries/2/redeliver': deliveries.items[0],
    'PATCH /projects/demo/webhooks/w1': { ...webhooks.items[0], is_active: false, version: 3 },
  })
  expect(await screen.findByText('status 500')).toBeDefined()
  await user.click(screen.getByRole('button', { name: 'Send ping again' }))
  expect(service.count('POST /projects/demo/webhooks/w1/deliveries/2/redeliver')).toBe(1)
  await user.click(screen.getByRole('button', { name: 'Pause' }))
  expect(service.last('PATCH /projects/demo/webhooks/w1').headers.get('If-Match')).toBe('"2"')
})
