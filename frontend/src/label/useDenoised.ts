import { useQueries, type UseQueryResult } from '@tanstack/react-query'
import { useCallback } from 'react'
import { denoisedQuery, type DenoisedAnswer, type DenoisedWait } from '../api/denoised'
import { explain } from '../api/problem'
import { formatPlural } from '../format/numbers'
import type { Volume } from '../viewer/volume'
import type { SubtomogramBrief } from './api'

export interface Denoised {
  /** What is there, by the address of the particle's own volume. */
  readonly volumes: ReadonlyMap<string, Volume>
  /** Why the first one is not there, in words; null when it is, or nobody asked. */
  readonly note: string | null
}

type Particle = Pick<SubtomogramBrief, 'id' | 'volume_url' | 'voxel_size_angstrom'>

/** The denoised layer of the particle on screen and of those after it, asked for while `wanted`. */
export function useDenoised(slug: string, particles: readonly Particle[], wanted: boolean): Denoised {
  const addresses = particles.map(({ volume_url }) => volume_url).join(' ')
  const combine = useCallback(
    (results: UseQueryResult<DenoisedAnswer>[]): Denoised => collect(addresses, wanted, results),
    [addresses, wanted],
  )
  return useQueries({
    queries: wanted
      ? particles.map(({ id, voxel_size_angstrom }) => denoisedQuery(slug, id, voxel_size_angstrom))
      : [],
    combine,
  })
}

function collect(
  addresses: string,
  wanted: boolean,
  results: readonly UseQueryResult<DenoisedAnswer>[],
): Denoised {
  const volumes = new Map<string, Volume>()
  addresses.split(' ').forEach((address, index) => {
    const answer = results[index]?.data
    if (answer !== undefined && 'volume' in answer) volumes.set(address, answer.volume)
  })
  const first = results[0]
  if (!wanted || first === undefined) return { volumes, note: null }
  if (first.error !== null) {
    const { title, detail } = explain(first.error)
    return { volumes, note: `${title}. ${detail}` }
  }
  if (first.data === undefined) return { volumes, note: 'Denoised: being fetched…' }
  return { volumes, note: 'wait' in first.data ? waitText(first.data.wait) : null }
}

/** How long it will be, as far as the service knows. */
export function waitText({ ahead, is_trained }: DenoisedWait): string {
  if (!is_trained)
    return 'Denoised: the denoiser is learning first, which takes a minute or a few. Go on labeling.'
  if (ahead === 0) return 'Denoised: being computed…'
  return `Denoised: being computed… ${formatPlural(ahead, 'particle')} before it.`
}
