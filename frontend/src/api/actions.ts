/** What can be changed on the service, each with the part of the cache it makes stale. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { CycleRequest, ExportRequest, ImportBody, NewProject } from './types'

/** Trade the token of a one-time link for a session. */
export function exchangeLinkToken(token: string) {
  return bodyOf(api.POST('/api/v1/session', { body: { link_token: token } }))
}

export function useSignOut() {
  return useMutation({
    mutationFn: async () => {
      await api.DELETE('/api/v1/session')
    },
    // A full load: nothing of the old session may stay in memory.
    onSuccess: () => window.location.assign('/sign-in'),
  })
}

export function useCreateProject() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: NewProject) => bodyOf(api.POST('/api/v1/projects', { body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.projects }),
  })
}

export function useLaunchCycle(slug: string) {
  const queryClient = useQueryClient()
  const keys = queryKeys.project(slug)
  return useMutation({
    mutationFn: (body: CycleRequest) =>
      bodyOf(api.POST('/api/v1/projects/{slug}/cycles', { params: { path: { slug } }, body })),
    onSuccess: async () => {
      await Promise.all(
        [keys.cycles, keys.progress].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
      )
    },
  })
}

export function useCancelCycle(slug: string) {
  const queryClient = useQueryClient()
  const keys = queryKeys.project(slug)
  return useMutation({
    mutationFn: async (number: number) => {
      await api.POST('/api/v1/projects/{slug}/cycles/{number}/cancel', { params: { path: { slug, number } } })
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.cycles }),
  })
}

export function useStartImport(slug: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: ImportBody) =>
      bodyOf(api.POST('/api/v1/projects/{slug}/imports', { params: { path: { slug } }, body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.project(slug).jobs }),
  })
}

/** Ask what an import would do; the answer is a job whose result `importPreviewQuery` reads. */
export function useStartPreview(slug: string) {
  return useMutation({
    mutationFn: (body: ImportBody) =>
      bodyOf(api.POST('/api/v1/projects/{slug}/imports/preview', { params: { path: { slug } }, body })),
  })
}

export function useStartExport(slug: string) {
  const queryClient = useQueryClient()
  const keys = queryKeys.project(slug)
  return useMutation({
    mutationFn: (body: ExportRequest) =>
      bodyOf(api.POST('/api/v1/projects/{slug}/exports', { params: { path: { slug } }, body })),
    onSuccess: async () => {
      await Promise.all(
        [keys.exports, keys.jobs].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
      )
    },
  })
}

/** Ask again about labels that look wrong. */
export function useAskAgain(slug: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (ids: number[]) =>
      bodyOf(
        api.POST('/api/v1/projects/{slug}/queue/questions', {
          params: { path: { slug } },
          body: { work: 'label-error', subtomogram_ids: ids },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.project(slug).progress }),
  })
}

export function useCancelJob(slug: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: async (jobId: string) => {
      await api.POST('/api/v1/projects/{slug}/jobs/{job_id}/cancel', {
        params: { path: { slug, job_id: jobId } },
      })
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.project(slug).jobs }),
  })
}
