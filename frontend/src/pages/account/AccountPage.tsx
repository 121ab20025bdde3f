import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { signInWaysQuery, useDisconnectProvider, useRenameMyself } from '../../api/people'
import { sessionQuery } from '../../api/queries'
import { Page } from '../../app/Page'
import { useUser } from '../../app/userContext'
import { Button } from '../../design/Button'
import buttons from '../../design/Button.module.css'
import { classNames } from '../../design/classNames'
import { TextField } from '../../design/Field'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { showToast } from '../../design/Toast'
import people from '../people/people.module.css'
import { NewPasswordForm } from '../signIn/NewPasswordForm'
import { SessionList } from './SessionList'
import { TokenList } from './TokenList'

/** Everything about one's own account. */
export default function AccountPage() {
  const user = useUser()
  return (
    <Page
      title="Your account"
      sub={`You sign in as “${user.name}”${user.is_admin ? ', and are an administrator' : ''}.`}
    >
      <div className={people.parts}>
        <NameSection />
        <PasswordSection />
        <ProviderSection />
        <SessionList />
        <TokenList />
      </div>
    </Page>
  )
}

function NameSection() {
  const user = useUser()
  const [name, setName] = useState(user.display_name)
  const change = useRenameMyself()
  const isNew = name.trim() !== '' && name.trim() !== user.display_name
  const save = (event: FormEvent) => {
    event.preventDefault()
    if (isNew) change.mutate(name.trim(), { onSuccess: () => showToast('Your name is changed.') })
  }
  return (
    <Section title="Name" intro="Others see it beside what you decide.">
      <form className={classNames(people.fields, people.narrow)} noValidate onSubmit={save}>
        <TextField label="Your name" value={name} onChange={setName} maxLength={100} autoComplete="name" />
        {change.error && <ErrorNotice error={change.error} />}
        <div>
          <Button type="submit" disabled={!isNew || change.isPending}>
            Change the name
          </Button>
        </div>
      </form>
    </Section>
  )
}

function PasswordSection() {
  const session = useQuery(sessionQuery)
  if (!session.data) return null
  const { has_password, may_set_password } = session.data
  return (
    <Section
      title="Password"
      intro={
        has_password
          ? `Changing it signs you out everywhere else; access tokens go on working.${may_set_password ? ' You have just opened a link, so the present password is not asked for.' : ''}`
          : may_set_password
            ? 'You have none yet. With a password you can sign in without a new link each time.'
            : 'You have none yet. Open a new sign-in link to set one: within 15 minutes after that, it can be set here.'
      }
    >
      {(has_password || may_set_password) && (
        <div className={people.narrow}>
          <NewPasswordForm
            session={session.data}
            onDone={() => showToast('Your new password is set. Other browsers were signed out.')}
          />
        </div>
      )}
    </Section>
  )
}

function ProviderSection() {
  const ways = useQuery(signInWaysQuery)
  const session = useQuery(sessionQuery)
  const provider = ways.data?.provider
  if (!provider) return null
  if (session.data?.has_provider) return <Connected label={provider.label} />
  const address = new URLSearchParams({ connect: 'true', return_to: '/account' }).toString()
  return (
    <Section
      title={provider.label}
      intro={`Connect this account, and you can sign in with ${provider.label} from then on.`}
    >
      <a className={classNames(buttons.button, buttons.secondary)} href={`${provider.start_url}?${address}`}>
        Connect with {provider.label}
      </a>
    </Section>
  )
}

/** It can be connected again at any time, so leaving it destroys nothing. */
function Connected({ label }: { label: string }) {
  const disconnect = useDisconnectProvider()
  return (
    <Section title={label} intro={`This account is connected: you can sign in with ${label}.`}>
      <div className={people.fields}>
        {disconnect.error && <ErrorNotice error={disconnect.error} />}
        <div>
          <Button
            disabled={disconnect.isPending}
            onClick={() =>
              disconnect.mutate(undefined, { onSuccess: () => showToast(`Disconnected from ${label}.`) })
            }
          >
            Disconnect
          </Button>
        </div>
      </div>
    </Section>
  )
}
