/** What the model says of a particle. The service decides who may see it when. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'

export type ModelView = components['schemas']['ModelView']
export type Chance = components['schemas']['Chance']

export const modelViewQuery = (slug: string, id: number) =>
  queryOptions({
    queryKey: [...queryKeys.project(slug).all, 'model-view', id] as const,
    queryFn: ({ signal }): Promise<ModelView> =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/subtomograms/{subtomogram_id}/model-view', {
          params: { path: { slug, subtomogram_id: id } },
          signal,
        }),
      ),
    staleTime: 60_000,
    retry: false,
  })
