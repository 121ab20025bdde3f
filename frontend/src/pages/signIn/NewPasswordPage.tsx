import { useQuery } from '@tanstack/react-query'
import { Navigate, useLocation, useNavigate } from 'react-router'
import { sessionQuery } from '../../api/queries'
import { Button } from '../../design/Button'
import { Skeleton } from '../../design/Skeleton'
import { showToast } from '../../design/Toast'
import { NewPasswordForm } from './NewPasswordForm'
import { SignInFrame } from './SignInFrame'
import styles from './SignInPage.module.css'
import { destination } from './useEnter'

/** Where a link for a forgotten password leads. */
export default function NewPasswordPage() {
  const session = useQuery(sessionQuery)
  const { state } = useLocation()
  const navigate = useNavigate()
  const goOn = () => void navigate(destination(state), { replace: true })

  if (session.data === null) return <Navigate to="/sign-in" replace />
  return (
    <SignInFrame title="Choose a new password">
      <p className={styles.text}>
        Your old password no longer works. You are signed in by the link; set a new password now, within 15
        minutes, and the link is not needed again.
      </p>
      {session.data ? (
        <NewPasswordForm
          session={session.data}
          onDone={() => {
            showToast('Your new password is set. Other browsers were signed out.')
            goOn()
          }}
        />
      ) : (
        <Skeleton label="Loading" />
      )}
      <div>
        <Button kind="quiet" onClick={goOn}>
          Later
        </Button>
      </div>
    </SignInFrame>
  )
}
