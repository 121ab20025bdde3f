import { QueryClientProvider, type QueryClient } from '@tanstack/react-query'
import { act, renderHook } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { FakeEventSource } from '../testing/FakeEventSource'
import { jobsImporting, page, readyCycles, runningCycle } from '../testing/fixtures'
import { createQueryClient } from './queryClient'
import { queryKeys } from './queryKeys'
import type { Cycle, Job, Page } from './types'
import { useLiveProject, useProjectEvents } from './useProjectEvents'

const keys = queryKeys.project('demo')
let queryClient: QueryClient
let stale: MockInstance<QueryClient['invalidateQueries']>

const wrapper = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
)
const staleKeys = () => stale.mock.calls.map(([filters]) => filters?.queryKey)
const send = (name: string, data: unknown) => act(() => FakeEventSource.last.send(name, data))

beforeEach(() => {
  queryClient = createQueryClient()
  queryClient.setQueryData(keys.cycles, page([runningCycle, ...readyCycles]))
  queryClient.setQueryData(keys.cycle(4), runningCycle)
  queryClient.setQueryData(keys.jobs, jobsImporting)
  stale = vi.spyOn(queryClient, 'invalidateQueries')
})
afterEach(() => vi.useRealTimers())

const jobEvent = (state: string, done: number) => ({
  job: { id: 'x', kind: 'cycle', state, progress: { stage: 'train', done, total: 400 } },
  cycle_number: 4,
})

describe('useLiveProject', () => {
  it('shows a cycle’s progress at once, in the list and on its page, without asking again', () => {
    renderHook(() => useLiveProject('demo'), { wrapper })
    send('job', jobEvent('running', 300))
    const listed = queryClient.getQueryData<Page<Cycle>>(keys.cycles)?.items[0]
    expect(listed?.job.progress?.done).toBe(300)
    expect(queryClient.getQueryData<Cycle>(keys.cycle(4))?.job.progress?.done).toBe(300)
    expect(queryClient.getQueryData<Cycle>(keys.cycle(4))?.job.log).toEqual(runningCycle.job.log)
    expect(stale).not.toHaveBeenCalled()
  })

  it('reads cycles and progress anew when a cycle’s job is over', () => {
    renderHook(() => useLiveProject('demo'), { wrapper })
    send('job', jobEvent('succeeded', 400))
    expect(staleKeys()).toEqual([keys.cycles, keys.progress])
  })

  it('patches imports it knows and asks for those it does not', () => {
    renderHook(() => useLiveProject('demo'), { wrapper })
    const event = (id: string) => ({
      job: { id, kind: 'import', state: 'running', progress: { done: 5, total: 9 } },
      cycle_number: null,
    })
    send('job', event('j1'))
    expect(queryClient.getQueryData<Page<Job>>(keys.jobs)?.items[0]?.progress?.done).toBe(5)
    expect(stale).not.toHaveBeenCalled()
    send('job', event('new'))
    expect(staleKeys()).toEqual([keys.jobs])
  })

  it('reads everything anew after a gap in the stream', () => {
    renderHook(() => useLiveProject('demo'), { wrapper })
    send('hello', {})
    expect(staleKeys()).toEqual([keys.all])
  })

  it('refreshes figures at a calm pace while decisions pour in', () => {
    vi.useFakeTimers()
    renderHook(() => useLiveProject('demo'), { wrapper })
    for (let labeled = 0; labeled < 50; labeled += 1) send('decision', { labeled })
    expect(stale).not.toHaveBeenCalled()
    vi.advanceTimersByTime(2000)
    expect(staleKeys()).toEqual([keys.progress])
  })

  it('stops listening when the project is left', () => {
    const { unmount } = renderHook(() => useLiveProject('demo'), { wrapper })
    unmount()
    expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED)
  })
})

describe('useProjectEvents', () => {
  it('calls the newest handler of each event', () => {
    const heard: string[] = []
    const { rerender } = renderHook(
      ({ name }) => useProjectEvents('demo', { queue: () => heard.push(name) }),
      { initialProps: { name: 'first' } },
    )
    rerender({ name: 'second' })
    send('queue', { cycle_number: 4, reason: 'new batch' })
    send('cycle', { number: 4, stage: 'ready' })
    expect(heard).toEqual(['second'])
    expect(FakeEventSource.opened).toHaveLength(1)
  })
})
