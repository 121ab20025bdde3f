import { useQuery } from '@tanstack/react-query'
import { signInWaysQuery } from '../../api/people'
import { sessionQuery } from '../../api/queries'
import { Page } from '../../app/Page'
import { useUser } from '../../app/userContext'
import { Section } from '../../design/Section'
import { showToast } from '../../design/Toast'
import buttons from '../../design/Button.module.css'
import { classNames } from '../../design/classNames'
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
      sub={`${user.display_name}, signs in as “${user.name}”${user.is_admin ? ', administrator' : ''}. An administrator can change the names.`}
    >
      <div className={people.parts}>
        <PasswordSection />
        <ProviderSection />
        <SessionList />
        <TokenList />
      </div>
    </Page>
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
  const provider = ways.data?.provider
  if (!provider) return null
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
