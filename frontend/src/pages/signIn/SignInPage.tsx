import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { exchangeLinkToken } from '../../api/actions'
import { ApiProblem } from '../../api/problem'
import { queryKeys } from '../../api/queryKeys'
import { sessionQuery } from '../../api/queries'
import type { Session } from '../../api/types'
import { Button, ButtonLink } from '../../design/Button'
import { CopyLine } from '../../design/CopyLine'
import { Logo } from '../../design/Logo'
import { ErrorNotice } from '../../design/Notice'
import { LinkForm } from './LinkForm'
import { takeTokenFromAddress } from './linkToken'
import styles from './SignInPage.module.css'

/** Where one goes after signing in: back to the page one came from, never to another site. */
function destination(state: unknown): string {
  const from = (state as { from?: unknown } | null)?.from
  return typeof from === 'string' && /^\/(?!\/)/.test(from) ? from : '/'
}

/** A one-time link leads here. Its token is traded for a session at once and leaves the address bar. */
export function SignInPage() {
  const [linkToken] = useState(takeTokenFromAddress)
  const location = useLocation()
  const navigate = useNavigate()
  const queryClient = useQueryClient()

  const signIn = useMutation({
    mutationFn: exchangeLinkToken,
    onSuccess: (answer: Session) => {
      queryClient.clear() // nothing read under another account may stay
      queryClient.setQueryData(queryKeys.session, { user: answer.user })
      void navigate(destination(location.state), { replace: true })
    },
  })
  // While a link is being traded, whoever was signed in before does not matter.
  const session = useQuery({ ...sessionQuery, enabled: linkToken === null || signIn.isError })
  const { mutate } = signIn
  const sent = useRef(false)
  useEffect(() => {
    // React mounts twice in development, and the link works only once.
    if (linkToken === null || sent.current) return
    sent.current = true
    mutate(linkToken)
  }, [linkToken, mutate])

  if (linkToken !== null && (signIn.isPending || signIn.isIdle || signIn.isSuccess)) {
    return <Frame title="Signing you in…" />
  }
  if (session.data) return <AlreadySignedIn session={session.data} />
  return (
    <Frame title="Sign in">
      {signIn.error ? (
        <ErrorNotice error={signIn.error} actions={<RetryButton signIn={signIn} linkToken={linkToken} />} />
      ) : (
        <p className={styles.text}>
          Tomosift signs you in with a one-time link. It printed one when it started; your administrator can
          send you another.
        </p>
      )}
      <LinkForm busy={signIn.isPending} onToken={(token) => signIn.mutate(token)} />
      <div className={styles.how}>
        <p>On the computer that runs Tomosift, this makes a new link:</p>
        <CopyLine label="Command that makes a sign-in link" text="tomosift user link NAME" />
      </div>
    </Frame>
  )
}

function Frame({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <main className={styles.page}>
      <title>{`${title} · Tomosift`}</title>
      <p className={styles.brand}>
        <Logo size={30} />
        Tomosift
      </p>
      <h1>{title}</h1>
      {children}
    </main>
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
    <Frame title={`You are signed in as ${session.user.display_name}`}>
      <div>
        <ButtonLink kind="primary" size="large" icon="arrowRight" to="/">
          Open your projects
        </ButtonLink>
      </div>
    </Frame>
  )
}
