import { QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { createQueryClient } from '../api/queryClient'
import { Refusal, StubService } from '../testing/service'
import { useDenoised } from './useDenoised'

const headers = {
  'X-Volume-Shape': '2,2,2',
  'X-Volume-Scale': '1',
  'X-Volume-Offset': '0',
  'X-Volume-Mean': '3.5',
  'X-Volume-Std': '2',
}
const particles = [7, 8].map((id) => ({ id, volume_url: `/volume/${id}`, voxel_size_angstrom: 10 }))

function Shown({ wanted }: { wanted: boolean }) {
  const { volumes, note } = useDenoised('demo', particles, wanted)
  return (
    <p data-testid="shown">
      {[...volumes.keys()].join(' ')}|{note}
    </p>
  )
}

it('asks when it is wanted, says what it waits for, and asks again until the volume is there', async () => {
  const waits = [
    { ahead: 3, is_trained: true },
    { ahead: 0, is_trained: false },
  ]
  const service = new StubService({
    'GET /projects/demo/subtomograms/7/denoised': () => {
      const wait = waits.shift()
      return wait ? Response.json(wait, { status: 202 }) : new Response(new Uint8Array(8), { headers })
    },
    'GET /projects/demo/subtomograms/8/denoised': new Refusal(409, 'no-denoiser', 'None', 'Launch a cycle.'),
  })
  const page = (wanted: boolean) => (
    <QueryClientProvider client={client}>
      <Shown wanted={wanted} />
    </QueryClientProvider>
  )
  const client = createQueryClient()
  const { rerender } = render(page(false))
  const text = (): string | null => screen.getByTestId('shown').textContent
  expect(text()).toBe('|')
  expect(service.asked).toHaveLength(0)
  rerender(page(true))
  await waitFor(() => expect(text()).toBe('|Denoised: being computed… 3 particles before it.'))
  await waitFor(() => expect(text()).toContain('learning first'), { timeout: 4000 })
  await waitFor(() => expect(text()).toBe('/volume/7|'), { timeout: 4000 })
})
