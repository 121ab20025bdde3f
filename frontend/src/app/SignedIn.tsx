import { useQuery } from '@tanstack/react-query'
import { Suspense, useEffect, useRef, useState } from 'react'
import { Navigate, Outlet, useLocation } from 'react-router'
import { reportSignedOut, useConnection } from '../api/connection'
import { sessionQuery } from '../api/queries'
import type { User } from '../api/types'
import { Button } from '../design/Button'
import { Logo } from '../design/Logo'
import { ErrorNotice } from '../design/Notice'
import type { TableAction } from '../keys/actionTable'
import { openHelp, useHelpSheet } from '../keys/helpSheet'
import { useActionKeys } from '../keys/useActionKeys'
import { useTour } from '../tour/tourState'
import { ConnectionBanner } from './ConnectionBanner'
import { ErrorBoundary } from './ErrorBoundary'
import { HelpDialog, prefetchParts, Tour } from './parts'
import { SessionExpiredDialog } from './SessionExpiredDialog'
import styles from './SignedIn.module.css'
import { TopBar } from './TopBar'
import { UserContext } from './userContext'

/** Everything that needs a signed-in person; who is not goes to the sign-in page and comes back afterwards. */
export function SignedIn() {
  const session = useQuery({ ...sessionQuery, refetchOnWindowFocus: 'always' })
  const location = useLocation()
  const [user, setUser] = useState<User | null>(session.data?.user ?? null)
  const current = session.data?.user ?? null

  if (user === null && current !== null) setUser(current)
  useEffect(() => {
    if (user === null) return
    if (session.data === null) reportSignedOut()
    // Someone else signed in with this browser in another tab: nothing of the person before may stay on screen.
    else if (current !== null && current.id !== user.id) window.location.reload()
  }, [user, current, session.data])

  // Their name may have changed since.
  if (user !== null) return <Shell user={current?.id === user.id ? current : user} />
  if (session.data === null) {
    return <Navigate to="/sign-in" replace state={{ from: location.pathname + location.search }} />
  }
  if (session.isError) {
    return (
      <main className={styles.trouble}>
        <ErrorNotice
          error={session.error}
          actions={<Button onClick={() => void session.refetch()}>Try again</Button>}
        />
      </main>
    )
  }
  return <Boot />
}

function Boot() {
  return (
    <div className={styles.boot} role="status">
      <Logo size={40} />
      Opening Tomosift…
    </div>
  )
}

/** What can be done on every page. */
const EVERYWHERE: readonly TableAction[] = [
  {
    id: 'help',
    label: 'This help',
    group: 'Everywhere',
    keys: ['?'],
    enabled: () => true,
    run: openHelp,
  },
]

function Shell({ user }: { user: User }) {
  const help = useHelpSheet((sheet) => sheet.isOpen)
  const onTour = useTour((tour) => tour.step !== null)
  useActionKeys(EVERYWHERE)
  const signedOut = useConnection((state) => state.signedOut)
  const { pathname } = useLocation()
  const main = useRef<HTMLElement>(null)
  const shownPath = useRef(pathname)
  useEffect(() => prefetchParts(false), [])
  // Decisions that an earlier visit could not send go out from whichever page is opened first.
  useEffect(
    () => void import('../outbox/currentOutbox').then(({ outboxFor }) => outboxFor(user.id)),
    [user.id],
  )

  // A new page starts at its top, with the focus where a screen reader begins to read it.
  useEffect(() => {
    if (shownPath.current === pathname) return
    shownPath.current = pathname
    window.scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [pathname])

  return (
    <UserContext value={user}>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <TopBar user={user} onHelp={openHelp} />
      <ConnectionBanner />
      <main id="main" ref={main} className={styles.main} tabIndex={-1}>
        <ErrorBoundary resetKey={pathname}>
          <Suspense fallback={null}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
      <Suspense fallback={null}>
        {help && <HelpDialog />}
        {onTour && <Tour />}
      </Suspense>
      {signedOut && <SessionExpiredDialog user={user} />}
    </UserContext>
  )
}
