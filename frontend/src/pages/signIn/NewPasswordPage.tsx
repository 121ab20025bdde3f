import { useQuery } from '@tanstack/react-query'
import { Navigate, useLocation, useNavigate } from 'react-router'
import { sessionQuery } from '../../api/queries'
import type { Session } from '../../api/types'
import { Button } from '../../design/Button'
import { Skeleton } from '../../design/Skeleton'
import { showToast } from '../../design/Toast'
import { NewPasswordForm } from './NewPasswordForm'
import { SignInFrame } from './SignInFrame'
import styles from './SignInPage.module.css'
import { destination } from './useEnter'

function whatHolds({ may_set_password: byLink, has_password: isSet }: Session): string {
  if (byLink)
    return 'You are signed in by the link. Set a new password now, within 15 minutes, and the link is not needed again.'
  return isSet
    ? 'It is more than 15 minutes since you opened a link: type your present password too, or open a new link.'
    : 'It is more than 15 minutes since you opened the link. Your administrator can make you a new one.'
}

/** Where a link for a forgotten password leads. */
export default function NewPasswordPage() {
  const session = useQuery(sessionQuery)
  const { state } = useLocation()
  const navigate = useNavigate()
  const canSet = session.data?.may_set_password || session.data?.has_password
  const goOn = () => void navigate(destination(state), { replace: true })

  if (session.data === null) return <Navigate to="/sign-in" replace />
  return (
    <SignInFrame title="Choose a new password">
      {session.data ? (
        <>
          <p className={styles.text}>{whatHolds(session.data)}</p>
          {canSet && (
            <NewPasswordForm
              session={session.data}
              onDone={() => {
                showToast('Your new password is set. Other browsers were signed out.')
                goOn()
              }}
            />
          )}
        </>
      ) : (
        <Skeleton label="Loading" />
      )}
      <div>
        <Button kind="quiet" onClick={goOn}>
          {canSet ? 'Later' : 'Go on without a password'}
        </Button>
      </div>
    </SignInFrame>
  )
}
