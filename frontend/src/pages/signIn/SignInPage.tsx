import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useLocation } from 'react-router'
import { exchangeLinkToken } from '../../api/actions'
import { signInByPassword, type SignInWays, signInWaysQuery } from '../../api/people'
import { ApiProblem } from '../../api/problem'
import { sessionQuery } from '../../api/queries'
import type { Session } from '../../api/types'
import { Button, ButtonLink } from '../../design/Button'
import { CopyLine } from '../../design/CopyLine'
import { Disclosure } from '../../design/Disclosure'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { LinkForm } from './LinkForm'
import { PasswordForm } from './PasswordForm'
import { ProviderButton } from './ProviderButton'
import { problemIn } from './providerProblems'
import { SignInFrame } from './SignInFrame'
import styles from './SignInPage.module.css'
import { destination, useEnter } from './useEnter'
import { useLinkToken } from './useLinkToken'

/** A one-time link leads here. Its token is traded for a session at once and leaves the address bar. */
export function SignInPage() {
  const linkToken = useLinkToken()
  const enter = useEnter()
  const signIn = useMutation({ mutationFn: exchangeLinkToken, onSuccess: enter })
  // While a link is being traded, whoever was signed in before does not matter.
  const session = useQuery({ ...sessionQuery, enabled: linkToken === null || signIn.isError })
  const { mutate } = signIn
  const sent = useRef<string | null>(null)
  useEffect(() => {
    // React mounts twice in development, and the link works only once.
    if (linkToken === null || sent.current === linkToken) return
    sent.current = linkToken
    mutate(linkToken)
  }, [linkToken, mutate])

  if (linkToken !== null && (signIn.isPending || signIn.isIdle || signIn.isSuccess)) {
    return <SignInFrame title="Signing you in…" />
  }
  if (session.data) return <AlreadySignedIn session={session.data} />
  return (
    <SignInFrame title="Sign in">
      <ProviderProblem />
      {signIn.error && (
        <ErrorNotice error={signIn.error} actions={<RetryButton signIn={signIn} linkToken={linkToken} />} />
      )}
      <Ways linkBusy={signIn.isPending} onToken={(token) => signIn.mutate(token)} />
    </SignInFrame>
  )
}

/** The ways this service offers, the easiest first; a link always works. */
function Ways({ linkBusy, onToken }: { linkBusy: boolean; onToken: (token: string) => void }) {
  const { state } = useLocation()
  const ways = useQuery(signInWaysQuery)
  const enter = useEnter()
  const signIn = useMutation({ mutationFn: signInByPassword, onSuccess: enter })

  if (ways.isPending) return <Skeleton label="Loading" lines={4} />
  const { password, provider }: SignInWays = ways.data ?? { password: false, provider: null }
  if (!password && provider === null) {
    return (
      <>
        <p className={styles.text}>
          Tomosift signs you in with a one-time link. It printed one when it started; your administrator can
          send you another.
        </p>
        <LinkForm busy={linkBusy} onToken={onToken} />
        <MakeLink />
      </>
    )
  }
  return (
    <>
      {provider !== null && <ProviderButton provider={provider} returnTo={destination(state)} />}
      {provider !== null && password && <p className={styles.or}>or</p>}
      {password && (
        <>
          <PasswordForm busy={signIn.isPending} onSubmit={(wanted) => signIn.mutate(wanted)} />
          {signIn.error && <ErrorNotice error={signIn.error} />}
        </>
      )}
      <Disclosure summary="I have a sign-in link, or forgot my password">
        <div className={styles.link}>
          <p className={styles.text}>
            Your administrator can make you a link that signs you in once and lets you choose a new password.
          </p>
          <LinkForm busy={linkBusy} onToken={onToken} button="Sign in by link" />
          <MakeLink />
        </div>
      </Disclosure>
      <p className={styles.text}>
        No account? The owner of a project, or your administrator, can send you an invitation.
      </p>
    </>
  )
}

function MakeLink() {
  return (
    <div className={styles.how}>
      <p>On the computer that runs Tomosift, this makes a new link:</p>
      <CopyLine label="Command that makes a sign-in link" text="tomosift user link NAME" />
    </div>
  )
}

/** What went wrong at the provider. */
function ProviderProblem() {
  const problem = problemIn(useLocation().search)
  if (problem === null) return null
  return (
    <Notice tone="bad" title={problem.title}>
      {problem.detail}
    </Notice>
  )
}

/** A refused link stays refused; only a link that got no answer is worth another try. */
function RetryButton({
  signIn,
  linkToken,
}: {
  signIn: { error: Error | null; mutate: (token: string) => void }
  linkToken: string | null
}) {
  if (linkToken === null || signIn.error instanceof ApiProblem) return null
  return <Button onClick={() => signIn.mutate(linkToken)}>Try again</Button>
}

function AlreadySignedIn({ session }: { session: Session }) {
  return (
    <SignInFrame title={`You are signed in as ${session.user.display_name}`}>
      <ProviderProblem />
      <div>
        <ButtonLink kind="primary" size="large" icon="arrowRight" to="/">
          Open your projects
        </ButtonLink>
      </div>
    </SignInFrame>
  )
}
