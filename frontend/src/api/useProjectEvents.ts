import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent } from 'react'
import {
  type ProjectEventListener,
  type ProjectEventName,
  type ProjectEvents,
  projectEventStream,
} from './eventStream'
import { queryKeys } from './queryKeys'
import type { Cycle, Job, Page } from './types'

type Handlers = { [Name in ProjectEventName]?: (data: ProjectEvents[Name]) => void }

/** Hear of a project's events while the component is mounted. Handlers may be new on every render. */
export function useProjectEvents(slug: string, handlers: Handlers): void {
  const onEvent = useEffectEvent<ProjectEventListener>((name, data) => handlers[name]?.(data))
  useEffect(() => projectEventStream(slug).subscribe((name, data) => onEvent(name, data)), [slug])
}

const DECISION_REFRESH_MS = 1500

/** Keep everything shown of a project fresh: job progress is patched in place, the rest is read anew. */
export function useLiveProject(slug: string): void {
  const queryClient = useQueryClient()
  useEffect(() => {
    const keys = queryKeys.project(slug)
    const refresh = (
      ...names: (
        'progress' | 'queue' | 'cycles' | 'learningCurve' | 'map' | 'jobs' | 'sources' | 'detail' | 'exports'
      )[]
    ) => {
      for (const name of names) void queryClient.invalidateQueries({ queryKey: keys[name] })
    }
    // Decisions may come many a second while several people label; figures follow at a calmer pace.
    let pending: ReturnType<typeof setTimeout> | undefined
    const refreshSoon = () => {
      pending ??= setTimeout(() => {
        pending = undefined
        refresh('progress')
      }, DECISION_REFRESH_MS)
    }
    const unsubscribe = projectEventStream(slug).subscribe((name, data) => {
      if (name === 'hello') void queryClient.invalidateQueries({ queryKey: keys.all })
      else if (name === 'job') applyJob(queryClient, slug, data as ProjectEvents['job'], refresh)
      else if (name === 'cycle') refresh('cycles', 'progress', 'learningCurve', 'map')
      else if (name === 'queue') refresh('progress', 'queue')
      else refreshSoon()
    })
    return () => {
      clearTimeout(pending)
      unsubscribe()
    }
  }, [queryClient, slug])
}

function applyJob(
  queryClient: QueryClient,
  slug: string,
  { job, cycle_number }: ProjectEvents['job'],
  refresh: (...names: ('progress' | 'cycles' | 'jobs' | 'sources' | 'detail' | 'exports')[]) => void,
): void {
  const keys = queryKeys.project(slug)
  const finished = job.state !== 'queued' && job.state !== 'running'
  if (cycle_number !== null) {
    const patch = (cycle: Cycle): Cycle =>
      cycle.number === cycle_number
        ? { ...cycle, job: { ...cycle.job, state: job.state, progress: job.progress } }
        : cycle
    queryClient.setQueryData<Page<Cycle>>(
      keys.cycles,
      (page) => page && { ...page, items: page.items.map(patch) },
    )
    queryClient.setQueryData<Cycle>(keys.cycle(cycle_number), (cycle) => cycle && patch(cycle))
    if (finished) refresh('cycles', 'progress')
    return
  }
  queryClient.setQueryData<Page<Job>>(
    keys.jobs,
    (page) =>
      page && { ...page, items: page.items.map((old) => (old.id === job.id ? { ...old, ...job } : old)) },
  )
  if (finished) refresh('jobs', 'sources', 'progress', 'detail', 'exports')
  else if (!queryClient.getQueryData<Page<Job>>(keys.jobs)?.items.some((old) => old.id === job.id))
    refresh('jobs')
}
