import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { webhooksQuery } from '../../../api/webhooks'
import { allows, useProject } from '../../../app/projectContext'
import { Button } from '../../../design/Button'
import { EmptyState } from '../../../design/EmptyState'
import { ErrorNotice } from '../../../design/Notice'
import { SecretOnce } from '../../../design/SecretOnce'
import { Skeleton } from '../../../design/Skeleton'
import { SettingsFrame } from '../SettingsFrame'
import { NewWebhookDialog } from './NewWebhookDialog'
import { WebhookItem } from './WebhookItem'
import styles from './WebhooksPage.module.css'

/** Programs elsewhere that are told when something has happened. */
export default function WebhooksPage() {
  const project = useProject()
  const owns = allows(project.role, 'owner')
  const webhooks = useQuery({ ...webhooksQuery(project.slug), enabled: owns })
  const [making, setMaking] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const add = (
    <Button icon="plus" kind="primary" onClick={() => setMaking(true)}>
      Add a webhook
    </Button>
  )
  const rows = webhooks.data?.items ?? []
  return (
    <SettingsFrame title="Webhooks" actions={rows.length > 0 && add}>
      {webhooks.isPending && <Skeleton label="Loading the webhooks" lines={4} />}
      {webhooks.error && (
        <ErrorNotice
          error={webhooks.error}
          actions={<Button onClick={() => void webhooks.refetch()}>Try again</Button>}
        />
      )}
      {webhooks.data &&
        (rows.length === 0 ? (
          <EmptyState title="No webhook yet" actions={add}>
            A webhook tells a program of yours (a chat, a script on another computer) when a cycle is ready or
            an import has finished, by a signed request to its address.
          </EmptyState>
        ) : (
          <ul className={styles.list}>
            {rows.map((webhook) => (
              <WebhookItem key={webhook.id} slug={project.slug} webhook={webhook} onSecret={setSecret} />
            ))}
          </ul>
        ))}
      {making && (
        <NewWebhookDialog
          slug={project.slug}
          onClose={() => setMaking(false)}
          onMade={(made) => {
            setMaking(false)
            setSecret(made)
          }}
        />
      )}
      {secret !== null && (
        <SecretOnce
          title="The webhook’s secret"
          label="Secret of the webhook"
          secret={secret}
          hint="Give it to the program that receives the requests: with it, it can check that they come from here."
          onClose={() => setSecret(null)}
        />
      )}
    </SettingsFrame>
  )
}
