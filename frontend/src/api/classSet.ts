/** The class set of a project: its classes, what changes them, reference examples. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'
import type { Project } from './types'

type Schemas = components['schemas']

export type ClassInSet = Schemas['ClassInSet']
export type RetiredClass = Schemas['RetiredClass']
export type ClassPatch = Schemas['ClassPatch']
export type ClassSetChange = Schemas['ClassSetChangeOut']
export type ClassSetChangeBody = Schemas['Merge'] | Schemas['Retire'] | Schemas['Split'] | Schemas['Restore']

const classSetKey = (slug: string) => [...queryKeys.project(slug).all, 'class-set'] as const
const within = (slug: string) => ({ params: { path: { slug } } })
const asRead = ({ slug, version }: Project) => ({
  params: { path: { slug }, header: { 'If-Match': `"${version}"` } },
})

export const classSetQuery = (slug: string) =>
  queryOptions({
    queryKey: classSetKey(slug),
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/class-set', within(slug))),
  })

export const classSetHistoryQuery = (slug: string) =>
  queryOptions({
    queryKey: [...classSetKey(slug), 'history'] as const,
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/class-set/history', {
          params: { path: { slug }, query: { limit: 50 } },
        }),
      ),
  })

/** What a change would do. Asked anew each time: people go on labeling. */
export const consequenceQuery = (slug: string, body: ClassSetChangeBody) =>
  queryOptions({
    queryKey: [...classSetKey(slug), 'preview', body] as const,
    queryFn: () => bodyOf(api.POST('/api/v1/projects/{slug}/class-set/preview', { ...within(slug), body })),
    gcTime: 0,
    retry: false,
  })

/** A change of classes touches labels, queue and counts: everything of the project is read anew, also after a refusal. */
function useClassChange<Wanted, Result>(slug: string, change: (wanted: Wanted) => Promise<Result>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => queryClient.invalidateQueries({ queryKey: queryKeys.project(slug).all }),
  })
}

export const useAddClass = ({ slug }: Project) =>
  useClassChange(slug, (body: Schemas['ClassIn']) =>
    bodyOf(api.POST('/api/v1/projects/{slug}/classes', { ...within(slug), body })),
  )

export const useChangeClass = (project: Project) =>
  useClassChange(project.slug, ({ id, ...body }: ClassPatch & { id: string }) =>
    bodyOf(
      api.PATCH('/api/v1/projects/{slug}/classes/{class_id}', {
        params: { ...asRead(project).params, path: { slug: project.slug, class_id: id } },
        body,
      }),
    ),
  )

export const useChangeClassSet = (project: Project) =>
  useClassChange(project.slug, (body: ClassSetChangeBody) =>
    bodyOf(api.POST('/api/v1/projects/{slug}/class-set/changes', { ...asRead(project), body })),
  )

export const useChangeExample = ({ slug }: Project) =>
  useClassChange(slug, async (wanted: { classId: string; subtomogramId: number; deed: 'add' | 'remove' }) => {
    const path = { slug, class_id: wanted.classId, subtomogram_id: wanted.subtomogramId }
    const address = '/api/v1/projects/{slug}/classes/{class_id}/examples/{subtomogram_id}'
    if (wanted.deed === 'add') await api.PUT(address, { params: { path } })
    else await api.DELETE(address, { params: { path } })
  })
