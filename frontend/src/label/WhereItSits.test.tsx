import { QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, it, vi } from 'vitest'
import { createQueryClient } from '../api/queryClient'
import { project } from '../testing/fixtures'
import { type Answer, StubService } from '../testing/service'
import { makeTask } from './testTasks'
import { WhereItSits } from './WhereItSits'

const neighbour = (id: number, dx: number, dz: number) => ({
  id,
  name: `n${id}`,
  dx,
  dy: 0,
  dz,
  volume_url: '',
  may_be_chosen: id !== 3,
  label: { kind: 'class', class_id: project.classes[0]!.id },
})
const neighbours = {
  tomogram: 'TS_01',
  unit: 'angstrom',
  box: 400,
  has_surroundings: true,
  items: [neighbour(2, 300, 0), neighbour(3, -300, 350)],
}
const picture = () =>
  new Response(new Uint8Array([1]), { headers: { 'X-Centre': '120,100', 'X-Box-Pixels': '40' } })

function open(work: 'query' | 'evaluation', changes: Record<string, Answer> = {}) {
  const service = new StubService({
    'GET /projects/demo/subtomograms/7/neighbours': neighbours,
    'GET /projects/demo/subtomograms/7/surroundings': picture,
    ...changes,
  })
  const onChoose = vi.fn()
  const result = render(
    <QueryClientProvider client={createQueryClient()}>
      <WhereItSits slug="demo" task={makeTask(7, 1, work)} classes={project.classes} onChoose={onChoose} />
    </QueryClientProvider>,
  )
  return { service, onChoose, ...result }
}

beforeEach(() => {
  URL.createObjectURL = () => 'blob:x'
  URL.revokeObjectURL = () => undefined
})

async function marks(container: HTMLElement): Promise<SVGElement[]> {
  fireEvent.load(await screen.findByRole('img', { name: /TS_01/ }))
  return [...container.querySelectorAll<SVGElement>('svg > *')]
}

it('outlines the box and marks the neighbours at their places', async () => {
  const { container } = open('query')
  const [beside, above, box] = await marks(container)
  expect(beside!.getAttribute('cx')).toBe('150') // 300 Å right at a tenth of a pixel an Å
  expect(beside!.hasAttribute('data-beside')).toBe(false)
  expect(above!.getAttribute('cx')).toBe('90')
  expect(above!.hasAttribute('data-beside')).toBe(true)
  expect(beside!.style.stroke).not.toBe('')
  expect(['x', 'y', 'width'].map((name) => box!.getAttribute(name))).toEqual(['100', '80', '40'])
})

it('gives a blind decision no hint of what the neighbours are, and no way to leave it for them', async () => {
  const { container } = open('evaluation')
  const [beside] = await marks(container)
  expect(beside!.style.stroke).toBe('')
  expect(screen.queryByRole('button')).toBeNull()
})

it('opens a neighbour by mouse or keyboard, but none of the evaluation sample', async () => {
  const { container, onChoose } = open('query')
  await marks(container)
  const button = screen.getByRole('button', { name: `Neighbour n2, ${project.classes[0]!.name}` })
  await userEvent.click(button)
  button.focus()
  await userEvent.keyboard('{Enter}')
  expect(onChoose.mock.calls).toEqual([[2], [2]])
  expect(screen.getAllByRole('button')).toHaveLength(1)
})

it('shows nothing where no tomogram is known, and asks for no picture', async () => {
  const { service, container } = open('query', {
    'GET /projects/demo/subtomograms/7/neighbours': { ...neighbours, has_surroundings: false },
  })
  await vi.waitFor(() => expect(service.count('GET /projects/demo/subtomograms/7/neighbours')).toBe(1), 5000)
  expect(container.textContent).toBe('')
  expect(service.count('GET /projects/demo/subtomograms/7/surroundings')).toBe(0)
})

it('asks for nothing while items pass quickly', async () => {
  vi.useFakeTimers()
  const { service, rerender } = open('query')
  await vi.advanceTimersByTimeAsync(500)
  rerender(
    <QueryClientProvider client={createQueryClient()}>
      <WhereItSits slug="demo" task={makeTask(8)} classes={project.classes} onChoose={() => undefined} />
    </QueryClientProvider>,
  )
  await vi.advanceTimersByTimeAsync(500)
  expect(service.asked).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(200)
  vi.useRealTimers()
  await vi.waitFor(() =>
    expect(service.asked.map(({ key }) => key)).toEqual(['GET /projects/demo/subtomograms/8/neighbours']),
  )
})
