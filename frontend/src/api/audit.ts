/** The audit log of a project, or (`slug` null) of the whole service. */
import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'

export type AuditEvent = components['schemas']['AuditEventOut']

/** Which events to show; absent: all. `actor` is a sign-in name, `action` a deed or the thing before its dot. */
export interface AuditFilter {
  actor?: string
  action?: string
  since?: string
  until?: string
}

export const auditQuery = (slug: string | null, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: [...(slug === null ? [] : queryKeys.project(slug).all), 'audit', filter] as const,
    queryFn: ({ pageParam }) => {
      const query = { ...filter, limit: 50, ...(pageParam === null ? {} : { after: pageParam }) }
      return slug === null
        ? bodyOf(api.GET('/api/v1/audit', { params: { query } }))
        : bodyOf(api.GET('/api/v1/projects/{slug}/audit', { params: { path: { slug }, query } }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  })

/** Where the events that the filter lets through are as one file. */
export function auditFileUrl(slug: string | null, filter: AuditFilter, format: 'csv' | 'ndjson'): string {
  const place = slug === null ? '' : `/projects/${encodeURIComponent(slug)}`
  return `/api/v1${place}/audit/file?${new URLSearchParams({ format, ...filter }).toString()}`
}
