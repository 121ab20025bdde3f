/** What can be read from the service. Components use these with `useQuery`; keys lie in `queryKeys.ts`. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { ApiProblem } from './problem'
import { rawRequest } from './rawRequest'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'
import type { Cycle, ExportChoice, Job, Session } from './types'

const inProject = (slug: string) => ({ params: { path: { slug } } })

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: queryKeys.session,
  queryFn: async (): Promise<Session | null> => {
    try {
      return await bodyOf(api.GET('/api/v1/session'))
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null
      throw error
    }
  },
  staleTime: 5 * 60_000,
})

export const projectsQuery = queryOptions({
  queryKey: queryKeys.projects,
  queryFn: () => bodyOf(api.GET('/api/v1/projects', { params: { query: { limit: 200 } } })),
})

export const projectQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).detail,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}', inProject(slug))),
  })

export const progressQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).progress,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/progress', inProject(slug))),
  })

/** The schema calls a job's progress and problem "an object"; `types.ts` says what lies in them. */
const asCycle = (wire: components['schemas']['CycleOut']): Cycle => wire as Cycle
const asJob = (wire: components['schemas']['JobOut']): Job => wire as Job

export const cyclesQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).cycles,
    queryFn: async () => {
      const call = api.GET('/api/v1/projects/{slug}/cycles', {
        params: { path: { slug }, query: { limit: 100 } },
      })
      const { items, next } = await bodyOf(call)
      return { items: items.map(asCycle), next }
    },
  })

export const cycleQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: queryKeys.project(slug).cycle(number),
    queryFn: async () => {
      const call = api.GET('/api/v1/projects/{slug}/cycles/{number}', { params: { path: { slug, number } } })
      return asCycle(await bodyOf(call))
    },
  })

export const learningCurveQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).learningCurve,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/learning-curve', inProject(slug))),
  })

export const sourcesQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).sources,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/sources', inProject(slug))),
  })

export const jobsQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).jobs,
    queryFn: async () => {
      const { items, next } = await bodyOf(api.GET('/api/v1/projects/{slug}/jobs', inProject(slug)))
      return { items: items.map(asJob), next }
    },
  })

export const jobQuery = (slug: string, id: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).job(id),
    queryFn: async () => {
      const call = api.GET('/api/v1/projects/{slug}/jobs/{job_id}', {
        params: { path: { slug, job_id: id } },
      })
      return asJob(await bodyOf(call))
    },
  })

/** The job that unpacks an archive in an upload. Asking starts it, so it is asked once. */
export const unpackQuery = (slug: string, uploadId: string, path: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).unpack(uploadId),
    queryFn: () =>
      bodyOf(
        api.POST('/api/v1/projects/{slug}/uploads/{upload_id}/unpack', {
          params: { path: { slug, upload_id: uploadId } },
          body: { path },
        }),
      ),
    staleTime: Infinity,
    gcTime: Infinity,
    retry: false,
  })

export const importPreviewQuery = (slug: string, jobId: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).importPreview(jobId),
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/imports/previews/{job_id}', {
          params: { path: { slug, job_id: jobId } },
        }),
      ),
    staleTime: Infinity, // a finished preview does not change
  })

export const exportsQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).exports,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/exports', inProject(slug))),
  })

export const exportQuery = (slug: string, id: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).export(id),
    queryFn: () =>
      bodyOf(api.GET('/api/v1/projects/{slug}/exports/{job_id}', { params: { path: { slug, job_id: id } } })),
  })

export const exportFormatsQuery = (slug: string) =>
  queryOptions({
    queryKey: queryKeys.project(slug).exportFormats,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/exports/formats', inProject(slug))),
    staleTime: Infinity,
  })

/** What an export of `choice` would hold. */
export const exportPreviewQuery = (slug: string, choice: ExportChoice) =>
  queryOptions({
    queryKey: queryKeys.project(slug).exportPreview(choice),
    queryFn: () =>
      bodyOf(
        api.POST('/api/v1/projects/{slug}/exports/preview', { params: { path: { slug } }, body: choice }),
      ),
  })

/** What share of each class of a cycle's model is expected to be right, by confidence. */
export const purityQuery = (slug: string, cycle: number) =>
  queryOptions({
    queryKey: queryKeys.project(slug).purity(cycle),
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/exports/purity', { params: { path: { slug }, query: { cycle } } }),
      ),
  })

/** Training labels of a cycle that are likely wrong. */
export const labelErrorsQuery = (slug: string, cycle: number) =>
  queryOptions({
    queryKey: queryKeys.project(slug).labelErrors(cycle),
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/cycles/{number}/likely-label-errors', {
          params: { path: { slug, number: cycle } },
        }),
      ),
  })

export const neighboursQuery = (slug: string, id: number) =>
  queryOptions({
    queryKey: queryKeys.project(slug).neighbours(id),
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/subtomograms/{subtomogram_id}/neighbours', {
          params: { path: { slug, subtomogram_id: id } },
        }),
      ),
    staleTime: 5 * 60_000,
  })

/** The tomogram around a particle, as a picture. */
export interface Surroundings {
  readonly png: Blob
  /** The particle in the picture, in pixels from the left and from the top. */
  readonly centre: readonly [x: number, y: number]
  /** Edge of the particle's box in pixels. */
  readonly boxPixels: number
}

export const surroundingsQuery = (slug: string, id: number) =>
  queryOptions({
    queryKey: queryKeys.project(slug).surroundings(id),
    queryFn: async (): Promise<Surroundings> => {
      const path = `/api/v1/projects/${encodeURIComponent(slug)}/subtomograms/${id}/surroundings`
      const response = await rawRequest(path)
      const [x = 0, y = 0] = (response.headers.get('X-Centre') ?? '').split(',').map(Number)
      return {
        png: await response.blob(),
        centre: [x, y],
        boxPixels: Number(response.headers.get('X-Box-Pixels')),
      }
    },
    staleTime: 5 * 60_000,
    gcTime: 60_000,
  })

export const catalogueQuery = queryOptions({
  queryKey: queryKeys.catalogue,
  queryFn: () => bodyOf(api.GET('/api/v1/catalogue')),
})
