/** Changing a project itself: its settings, its queue, its end. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'
import type { Project } from './types'

type Schemas = components['schemas']

export type ProjectPatch = Schemas['ProjectPatch']
export type ProjectSettings = Schemas['ProjectSettings']
export type LabelRulePreview = Schemas['LabelRulePreview']
export type LabelRule = LabelRulePreview['rule']

const within = (slug: string) => ({ params: { path: { slug } } })

/** What `rule` would make of the opinions that stand. */
export const labelRuleQuery = (slug: string, rule: LabelRule) =>
  queryOptions({
    queryKey: [...queryKeys.project(slug).all, 'label-rule', rule] as const,
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/review/label-rule', {
          params: { path: { slug }, query: { rule } },
        }),
      ),
  })

/** Change a project as it was when it was read; refused if somebody else has changed it meanwhile. */
export function useChangeProject(project: Project) {
  const queryClient = useQueryClient()
  const keys = queryKeys.project(project.slug)
  return useMutation({
    mutationFn: (body: ProjectPatch) =>
      bodyOf(
        api.PATCH('/api/v1/projects/{slug}', {
          params: { path: { slug: project.slug }, header: { 'If-Match': `"${project.version}"` } },
          body,
        }),
      ),
    onSuccess: async (changed) => {
      queryClient.setQueryData(keys.detail, changed)
      await queryClient.invalidateQueries({ queryKey: queryKeys.projects })
    },
    onError: () => queryClient.invalidateQueries({ queryKey: keys.detail }),
  })
}

/** Delete a project, or take that back. */
export function useEndProject(slug: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (deed: 'delete' | 'restore') =>
      deed === 'delete'
        ? bodyOf(api.DELETE('/api/v1/projects/{slug}', within(slug)))
        : bodyOf(api.POST('/api/v1/projects/{slug}/restore', within(slug))),
    onSuccess: async (project) => {
      queryClient.setQueryData(queryKeys.project(slug).detail, project)
      await queryClient.invalidateQueries({ queryKey: queryKeys.projects })
    },
  })
}
