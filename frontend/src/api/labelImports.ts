/** Labels that exist already, for particles that are in the pool. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'

export type LabelImportRequest = components['schemas']['LabelImportRequest']

export function useImportLabels(slug: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: LabelImportRequest) =>
      bodyOf(api.POST('/api/v1/projects/{slug}/label-imports', { params: { path: { slug } }, body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.project(slug).jobs }),
  })
}

/** Take every label of one import back; what people said stays. */
export function useTakeLabelsBack(slug: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (jobId: string) =>
      bodyOf(
        api.DELETE('/api/v1/projects/{slug}/label-imports/{job_id}', {
          params: { path: { slug, job_id: jobId } },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.project(slug).jobs }),
  })
}
