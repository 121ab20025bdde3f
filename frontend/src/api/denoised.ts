/** Particles with less noise: the service has an autoencoder make them when they are asked for. */
import { queryOptions } from '@tanstack/react-query'
import { decodeVolume, type Volume } from '../viewer/volume'
import { queryKeys } from './queryKeys'
import { rawRequest } from './rawRequest'
import type { components } from './schema.gen'

export type DenoisedWait = components['schemas']['DenoisedWait']

/** The volume, or why it is not there yet. */
export type DenoisedAnswer = { readonly volume: Volume } | { readonly wait: DenoisedWait }

const ASK_AGAIN_MS = 2000

/** Asks again until the worker has made it. `voxelSize` in ångström. */
export const denoisedQuery = (slug: string, id: number, voxelSize: number | null) =>
  queryOptions({
    queryKey: [...queryKeys.project(slug).all, 'denoised', id] as const,
    queryFn: async ({ signal }): Promise<DenoisedAnswer> => {
      const path = `/api/v1/projects/${encodeURIComponent(slug)}/subtomograms/${id}/denoised`
      const response = await rawRequest(path, { signal })
      if (response.status === 202) return { wait: (await response.json()) as DenoisedWait }
      // A newer denoiser answers under the same address.
      const volumeId = `${path}#${crypto.randomUUID()}`
      return { volume: decodeVolume(volumeId, voxelSize, response.headers, await response.arrayBuffer()) }
    },
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
    refetchInterval: ({ state }) => (state.data !== undefined && 'wait' in state.data ? ASK_AGAIN_MS : false),
  })
