/** The review room and the running of the queue: what can be read and what can be changed. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { fetchVolume } from '../viewer/fetchVolume'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { Adjudication, ReviewItem } from './types'

const DISPUTES_AT_ONCE = 100
const HOLDS_REFRESH_MS = 15_000

const inProject = (slug: string) => ({ params: { path: { slug } } })

/** What people disagree about, with all opinions. Not renewed by itself: items must not move under the reader's eyes. */
export const disputedQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).disputed,
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/review/disputed', {
          params: { path: { slug }, query: { limit: DISPUTES_AT_ONCE } },
        }),
      ),
    refetchOnWindowFocus: false,
  })

export const agreementQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).agreement,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/review/agreement', inProject(slug))),
  })

/** Everybody's statistics for curators, one's own for annotators. */
export const annotatorsQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).annotators,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/review/annotators', inProject(slug))),
  })

export const queueQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).queue,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/queue', inProject(slug))),
  })

export const leasesQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).leases,
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/leases', { params: { path: { slug }, query: { limit: 200 } } }),
      ),
    refetchInterval: HOLDS_REFRESH_MS,
  })

export const volumeQuery = ({ volume_url: url, voxel_size_angstrom: voxel }: ReviewItem['subtomogram']) =>
  queryOptions({
    queryKey: queryKeys.volume(url),
    queryFn: () => fetchVolume(url, voxel),
    staleTime: Infinity,
    gcTime: 60_000,
  })

/** Settle a dispute. `key` is the caller's fresh name for it; sent again, it counts once. */
export function useAdjudicate(slug: string) {
  return useMutation({
    mutationFn: ({ id, key, body }: { id: number; key: string; body: Adjudication }) =>
      bodyOf(
        api.POST('/api/v1/projects/{slug}/review/subtomograms/{subtomogram_id}/adjudication', {
          params: { path: { slug, subtomogram_id: id }, header: { 'Idempotency-Key': key } },
          body,
        }),
      ),
  })
}

/** Take an adjudication back: the dispute is open again. */
export function useReopen(slug: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: ({ eventId, key }: { eventId: number; key: string }) =>
      bodyOf(
        api.POST('/api/v1/projects/{slug}/decisions/{event_id}/undo', {
          params: { path: { slug, event_id: eventId }, header: { 'Idempotency-Key': key } },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.project(slug).disputed }),
  })
}

/** Pause (true) or resume (false) the queue. */
export function usePauseQueue(slug: string) {
  const refresh = useQueueRefresh(slug)
  return useMutation({
    mutationFn: async (paused: boolean) => {
      const path = paused ? '/api/v1/projects/{slug}/queue/pause' : '/api/v1/projects/{slug}/queue/resume'
      await api.POST(path, inProject(slug))
    },
    onSuccess: refresh,
  })
}

/** Let others have an item that somebody holds. */
export function useReleaseLease(slug: string) {
  const refresh = useQueueRefresh(slug)
  return useMutation({
    mutationFn: async (leaseId: number) => {
      await api.DELETE('/api/v1/projects/{slug}/leases/{lease_id}', {
        params: { path: { slug, lease_id: leaseId } },
      })
    },
    onSuccess: refresh,
  })
}

/** Ask further people about a random share (0..1) of the labeled items, blind. */
export function useRecheckShare(slug: string) {
  const refresh = useQueueRefresh(slug)
  return useMutation({
    mutationFn: (share: number) =>
      bodyOf(
        api.POST('/api/v1/projects/{slug}/queue/questions', {
          ...inProject(slug),
          body: { work: 'recheck', labeled_share: share },
        }),
      ),
    onSuccess: refresh,
  })
}

function useQueueRefresh(slug: string): () => Promise<unknown> {
  const queryClient = useQueryClient()
  const keys = queryKeys.project(slug)
  return () =>
    Promise.all([keys.queue, keys.progress].map((queryKey) => queryClient.invalidateQueries({ queryKey })))
}
