import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect } from 'react'
import { exchangeLinkToken } from '../api/actions'
import { reportSignedIn } from '../api/connection'
import { signInByPassword, signInWaysQuery } from '../api/people'
import { sessionQuery } from '../api/queries'
import type { User } from '../api/types'
import { CopyLine } from '../design/CopyLine'
import { Dialog } from '../design/Dialog'
import { Disclosure } from '../design/Disclosure'
import { ErrorNotice } from '../design/Notice'
import { LinkForm } from '../pages/signIn/LinkForm'
import { PasswordForm } from '../pages/signIn/PasswordForm'
import { ProviderButton } from '../pages/signIn/ProviderButton'
import styles from './SessionExpiredDialog.module.css'

const LOOK_EVERY_MS = 4000

/** The sign-in has ended while someone was working. The page behind stays as it is until they are back. */
export function SessionExpiredDialog({ user }: { user: User }) {
  const queryClient = useQueryClient()

  const resume = useCallback(async () => {
    const session = await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 })
    if (session === null) return
    // What is on screen belongs to the person before; nobody else may go on with it.
    if (session.user.id !== user.id) {
      window.location.reload()
      return
    }
    reportSignedIn()
    await queryClient.invalidateQueries()
  }, [queryClient, user.id])

  useEffect(() => {
    const look = () => void resume().catch(() => undefined) // no answer yet: the next look asks again
    const timer = setInterval(look, LOOK_EVERY_MS)
    window.addEventListener('focus', look)
    return () => {
      clearInterval(timer)
      window.removeEventListener('focus', look)
    }
  }, [resume])

  const signIn = useMutation({
    mutationFn: async (begin: () => Promise<unknown>) => {
      await begin()
      await resume()
    },
  })
  const ways = useQuery(signInWaysQuery)
  const { password, provider } = ways.data ?? { password: false, provider: null }
  const otherWays = password || provider !== null
  const byLink = (
    <>
      <div className={styles.text}>
        <p>Open a new sign-in link in another tab, or paste it here. This makes one:</p>
        <CopyLine label="Command that makes a sign-in link" text={`tomosift user link ${user.name}`} />
      </div>
      <LinkForm
        busy={signIn.isPending}
        onToken={(token) => signIn.mutate(() => exchangeLinkToken(token))}
        {...(otherWays && { button: 'Sign in by link' })}
      />
    </>
  )
  return (
    <Dialog title="Your sign-in has ended">
      <div className={styles.text}>
        <p>
          Nothing is lost: this page stays as it is, and decisions that were not sent yet wait in this
          browser. Sign in again to go on.
        </p>
        {signIn.error && <ErrorNotice error={signIn.error} />}
        {provider !== null && <ProviderButton provider={provider} returnTo="/" newTab />}
        {password && (
          <PasswordForm
            fixedName={user.name}
            busy={signIn.isPending}
            onSubmit={(wanted) => signIn.mutate(() => signInByPassword(wanted))}
          />
        )}
      </div>
      {otherWays ? <Disclosure summary="Sign in by a link">{byLink}</Disclosure> : byLink}
    </Dialog>
  )
}
