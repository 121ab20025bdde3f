import { QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { createQueryClient } from '../api/queryClient'
import { StubService } from '../testing/service'
import { buildActions, type ActionTarget } from './actions'
import type { ParticleClass } from './api'
import { ClassMenu } from './ClassMenu'
import { DecisionPanel } from './DecisionPanel'

const classes = Array.from({ length: 23 }, (_, position): ParticleClass => ({
  id: `c${position}`,
  name: position === 17 ? 'apoferritin' : `class ${position}`,
  color: '#0072b2',
  position,
  hotkey: null,
  description: position === 17 ? 'A hollow sphere of 12 nm.' : '',
}))
const inSet = classes.map((each) => ({ ...each, labels: 20, examples: each.id === 'c17' ? [5, 6] : [] }))

function open(ui: React.ReactElement) {
  const service = new StubService({
    'GET /projects/demo/class-set': { class_set_version: 1, classes: inSet, retired: [] },
  })
  return {
    service,
    ...render(<QueryClientProvider client={createQueryClient()}>{ui}</QueryClientProvider>),
  }
}

const decide = vi.fn()
const target = { canDecide: () => true, decide, view: {} } as unknown as ActionTarget
const actions = buildActions(classes, target)

it('finds a class by typing and gives it by Enter; beside it stand guidelines, sum and examples', async () => {
  const onClose = vi.fn()
  open(<ClassMenu slug="demo" actions={actions} canDecide onClose={onClose} />)
  const box = screen.getByRole('combobox', { name: 'Part of the name' })
  await waitFor(() => expect(document.activeElement).toBe(box))
  await userEvent.keyboard('fer')
  expect(screen.getByRole('option').textContent).toBe('apoferritin')
  expect(screen.getByText('A hollow sphere of 12 nm.')).toBeDefined()
  expect(await screen.findByRole('img', { name: 'Sum of apoferritin' })).toBeDefined()
  expect(screen.getAllByRole('img', { name: /Example of apoferritin/ })).toHaveLength(2)
  await userEvent.keyboard('{Enter}')
  expect(onClose).toHaveBeenCalledOnce()
  expect(decide).toHaveBeenCalledWith({ kind: 'class', particleClass: classes[17] })
})

it('moves by arrows and stays inside the list', async () => {
  open(<ClassMenu slug="demo" actions={actions} canDecide onClose={() => undefined} />)
  await userEvent.click(screen.getByRole('combobox'))
  await userEvent.keyboard('{ArrowUp}{ArrowDown}{ArrowDown}')
  expect(screen.getByRole('option', { selected: true }).textContent).toMatch(/^class 2/)
  await userEvent.keyboard('none such')
  expect(screen.queryByRole('option')).toBeNull()
  expect(screen.getByText('No class has that in its name or guidelines.')).toBeDefined()
})

it('stands behind nine buttons, and a button tells of its class when the pointer rests on it', async () => {
  open(<DecisionPanel slug="demo" actions={actions} canDecide last={null} />)
  expect(screen.getAllByRole('button', { name: /^\d ?class/ })).toHaveLength(9)
  expect(screen.getByRole('button', { name: /All 23 classes/ })).toBeDefined()
  await userEvent.hover(screen.getByRole('button', { name: /^3 ?class 2$/ }))
  expect(await screen.findByRole('region', { name: 'About class 2' })).toBeDefined()
  await userEvent.keyboard('{Escape}')
  await waitFor(() => expect(screen.queryByRole('region', { name: 'About class 2' })).toBeNull())
})
