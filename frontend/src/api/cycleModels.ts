/** What is done with the models of cycles: which one serves, where one comes from, what two say differently; triggers. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'

type Schemas = components['schemas']

export type Lineage = Schemas['Lineage']
export type ClassChanges = Schemas['ClassChanges']
export type ClassMove = Schemas['ClassMove']
export type Triggers = Schemas['Triggers']
export type TriggersIn = Schemas['TriggersIn']
export type SettingError = Schemas['SettingError']
export type SettingValues = Record<string, unknown>

const keys = (slug: string) => queryKeys.project(slug)
const ofCycle = (slug: string, number: number) => ({ params: { path: { slug, number } } })

/** Let the model of a cycle serve. Predictions everywhere become others: all of the project is read anew. */
export function useChooseModel(slug: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (cycle: number) =>
      bodyOf(
        api.PUT('/api/v1/projects/{slug}/serving-model', { params: { path: { slug } }, body: { cycle } }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys(slug).all }),
  })
}

export const lineageQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: [...keys(slug).cycle(number), 'lineage'] as const,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/cycles/{number}/lineage', ofCycle(slug, number))),
  })

export const lineageAddress = (slug: string, number: number) =>
  `/api/v1/projects/${encodeURIComponent(slug)}/cycles/${number}/lineage`

/** What the model of `after` says of the particles and that of `before` did not. For curators. */
export const classChangesQuery = (slug: string, before: number, after: number) =>
  queryOptions({
    queryKey: [...keys(slug).cycle(after), 'class-changes', before] as const,
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/cycles/{number}/class-changes', {
          params: { path: { slug, number: after }, query: { since: before } },
        }),
      ),
    staleTime: 60_000,
  })

/** A class as the service wants to hear it. */
const wordFor = ({ class_id: id }: Schemas['LabelSaid']) => id ?? 'junk'

/** The particles of one change of class, those first of which the later model is surest; at most 5,000. */
export function fetchChangedParticles(slug: string, changes: ClassChanges, move: ClassMove) {
  const query = { since: changes.before, was: wordFor(move.was), now: wordFor(move.now) }
  return bodyOf(
    api.GET('/api/v1/projects/{slug}/cycles/{number}/class-changes/particles', {
      params: { path: { slug, number: changes.after }, query },
    }),
  )
}

export const triggersQuery = (slug: string) =>
  queryOptions({
    queryKey: [...keys(slug).cycles, 'triggers'] as const,
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/cycle-triggers', { params: { path: { slug } } })),
  })

export function useSetTriggers(slug: string) {
  const queryClient = useQueryClient()
  const { queryKey } = triggersQuery(slug)
  return useMutation({
    mutationFn: (body: TriggersIn) =>
      bodyOf(api.PUT('/api/v1/projects/{slug}/cycle-triggers', { params: { path: { slug } }, body })),
    onSuccess: (triggers) => queryClient.setQueryData(queryKey, triggers),
  })
}

/** The complete settings of a launch, or what is wrong with them; asked while a form is filled in. */
export const settingsCheckQuery = (slug: string, settings: SettingValues) =>
  queryOptions({
    queryKey: [...keys(slug).all, 'settings-check', settings] as const,
    queryFn: () =>
      bodyOf(
        api.POST('/api/v1/projects/{slug}/cycles/check', { params: { path: { slug } }, body: { settings } }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
