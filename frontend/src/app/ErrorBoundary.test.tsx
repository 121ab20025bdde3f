import { render, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { ErrorBoundary } from './ErrorBoundary'

function Broken({ message }: { message: string }): never {
  throw new Error(message)
}

it('shows a defect in one page, and lets the next page through', () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { rerender } = render(
    <ErrorBoundary resetKey="/one">
      <Broken message="x is undefined" />
    </ErrorBoundary>,
  )
  expect(screen.getByRole('alert').textContent).toContain('report this text: x is undefined')
  rerender(
    <ErrorBoundary resetKey="/two">
      <p>fine</p>
    </ErrorBoundary>,
  )
  expect(screen.queryByRole('alert')).toBeNull()
  expect(screen.getByText('fine')).toBeDefined()
})

it('tells an interface that was replaced on the server from a defect', () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  render(
    <ErrorBoundary>
      <Broken message="Failed to fetch dynamically imported module: /assets/DataPage-1.js" />
    </ErrorBoundary>,
  )
  expect(screen.getByRole('alert').textContent).toContain('Tomosift was updated')
})
