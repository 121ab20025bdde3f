import type { SignInWays } from '../../api/people'
import buttons from '../../design/Button.module.css'
import { classNames } from '../../design/classNames'
import styles from './SignInPage.module.css'

/** Leads to the institute's own sign-in page. A full load: the way there and back is not this interface's. */
export function ProviderButton({
  provider,
  returnTo,
  newTab = false,
}: {
  provider: NonNullable<SignInWays['provider']>
  returnTo: string
  newTab?: boolean
}) {
  return (
    <a
      className={classNames(buttons.button, buttons.secondary, buttons.large, styles.provider)}
      href={`${provider.start_url}?${new URLSearchParams({ return_to: returnTo }).toString()}`}
      target={newTab ? '_blank' : undefined}
      rel={newTab ? 'noreferrer' : undefined}
    >
      Sign in with {provider.label}
    </a>
  )
}
