/** The state of the service, for administrators, and the demo project. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'

export type SystemState = components['schemas']['SystemOut']
export type SystemWorker = SystemState['workers'][number]
export type SystemWork = SystemState['work'][number]

export const systemQuery = queryOptions({
  queryKey: queryKeys.system,
  queryFn: () => bodyOf(api.GET('/api/v1/system')),
})

/** Make the demo project; its particles come by a job. */
export function useMakeDemo() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => bodyOf(api.POST('/api/v1/demo-project')),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.projects }),
  })
}
