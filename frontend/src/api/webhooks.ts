/** Webhooks of a project and what was sent to them. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'

type Schemas = components['schemas']

export type Webhook = Schemas['WebhookOut']
export type WebhookEvent = Webhook['events'][number]
export type Delivery = Schemas['DeliveryOut']

const webhooksKey = (slug: string) => [...queryKeys.project(slug).all, 'webhooks'] as const
const within = (slug: string) => ({ params: { path: { slug } } })
const one = (slug: string, id: string) => ({ params: { path: { slug, webhook_id: id } } })

export const webhooksQuery = (slug: string) =>
  queryOptions({
    queryKey: webhooksKey(slug),
    queryFn: () => bodyOf(api.GET('/api/v1/projects/{slug}/webhooks', within(slug))),
  })

/** What was sent, newest first; asked again while something is still waiting. */
export const deliveriesQuery = (slug: string, id: string) =>
  queryOptions({
    queryKey: [...webhooksKey(slug), id, 'deliveries'] as const,
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/webhooks/{webhook_id}/deliveries', {
          params: { path: { slug, webhook_id: id }, query: { limit: 20 } },
        }),
      ),
    refetchInterval: (query) =>
      query.state.data?.items.some(({ state }) => state === 'waiting') ? 3000 : false,
  })

function useWebhookChange<Wanted, Result>(slug: string, change: (wanted: Wanted) => Promise<Result>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: webhooksKey(slug) }),
  })
}

export const useMakeWebhook = (slug: string) =>
  useWebhookChange(slug, (body: Schemas['WebhookIn']) =>
    bodyOf(api.POST('/api/v1/projects/{slug}/webhooks', { ...within(slug), body })),
  )

export const useChangeWebhook = (slug: string) =>
  useWebhookChange(slug, ({ webhook, ...body }: Schemas['WebhookPatch'] & { webhook: Webhook }) =>
    bodyOf(
      api.PATCH('/api/v1/projects/{slug}/webhooks/{webhook_id}', {
        params: { path: { slug, webhook_id: webhook.id }, header: { 'If-Match': `"${webhook.version}"` } },
        body,
      }),
    ),
  )

export const useRemoveWebhook = (slug: string) =>
  useWebhookChange(
    slug,
    async (id: string) =>
      void (await api.DELETE('/api/v1/projects/{slug}/webhooks/{webhook_id}', one(slug, id))),
  )

export const useRenewSecret = (slug: string) =>
  useWebhookChange(slug, (id: string) =>
    bodyOf(api.POST('/api/v1/projects/{slug}/webhooks/{webhook_id}/secret', one(slug, id))),
  )

export const usePingWebhook = (slug: string) =>
  useWebhookChange(slug, (id: string) =>
    bodyOf(api.POST('/api/v1/projects/{slug}/webhooks/{webhook_id}/ping', one(slug, id))),
  )

export const useRedeliver = (slug: string, id: string) =>
  useWebhookChange(slug, (deliveryId: number) =>
    bodyOf(
      api.POST('/api/v1/projects/{slug}/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver', {
        params: { path: { slug, webhook_id: id, delivery_id: deliveryId } },
      }),
    ),
  )
