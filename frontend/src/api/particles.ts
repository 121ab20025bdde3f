/** Single particles and the map of all: what pages beside the label page read of the pool. */
import { queryOptions } from '@tanstack/react-query'
import { readMap } from '../map/readMap'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import { rawRequest } from './rawRequest'

/** The pool as a map. Only the newest is kept: it has megabytes. */
export const mapQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).map,
    queryFn: async ({ signal }) => {
      const response = await rawRequest(`/api/v1/projects/${encodeURIComponent(slug)}/map`, { signal })
      return readMap(await response.arrayBuffer())
    },
    staleTime: 60_000,
    gcTime: 60_000,
    structuralSharing: false,
    refetchOnWindowFocus: false,
  })

export const particleQuery = (slug: string, id: number) =>
  queryOptions({
    queryKey: queryKeys.project(slug).particle(id),
    queryFn: ({ signal }) =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/subtomograms/{subtomogram_id}', {
          params: { path: { slug, subtomogram_id: id } },
          signal,
        }),
      ),
    gcTime: 60_000,
  })

/** What looks like a particle, with labels where the reader may see them. */
export const similarQuery = (slug: string, id: number, limit: number) =>
  queryOptions({
    queryKey: queryKeys.project(slug).similar(id),
    queryFn: ({ signal }) =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/subtomograms/{subtomogram_id}/similar', {
          params: { path: { slug, subtomogram_id: id }, query: { limit } },
          signal,
        }),
      ),
    gcTime: 60_000,
  })
