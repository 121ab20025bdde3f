import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { useSignOut } from '../../api/actions'
import { acceptInvitation, invitationQuery, type InvitationShown, joinByInvitation } from '../../api/people'
import { ApiProblem } from '../../api/problem'
import { queryKeys } from '../../api/queryKeys'
import { sessionQuery } from '../../api/queries'
import type { Session } from '../../api/types'
import { ROLES } from '../../app/roles'
import { Button, ButtonLink } from '../../design/Button'
import { TextField } from '../../design/Field'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { formatDateTime } from '../../format/time'
import { NewPasswordField, passwordError } from './NewPasswordField'
import { SignInFrame } from './SignInFrame'
import styles from './SignInPage.module.css'
import { useEnter } from './useEnter'
import { useLinkToken } from './useLinkToken'

/** An invitation leads here: it says to what, and makes an account or joins a project. */
export default function InvitationPage() {
  const token = useLinkToken()
  if (token === null) {
    return (
      <SignInFrame title="This is not a whole invitation">
        <p className={styles.text}>
          Open the link you were sent once more, with all that stands behind “#token=”. The address forgets it
          after the first look. If you have joined already, <Link to="/sign-in">sign in</Link>.
        </p>
      </SignInFrame>
    )
  }
  return <Invitation key={token} token={token} />
}

function Invitation({ token }: { token: string }) {
  const invitation = useQuery(invitationQuery(token))
  const session = useQuery(sessionQuery)
  if (invitation.error) {
    return (
      <SignInFrame title="This invitation does not work">
        {invitation.error instanceof ApiProblem ? (
          <>
            <ErrorNotice error={invitation.error} />
            <p className={styles.text}>
              Ask whoever sent it for a new one. If you have joined already,{' '}
              <Link to="/sign-in">sign in</Link>.
            </p>
          </>
        ) : (
          <ErrorNotice
            error={invitation.error}
            actions={<Button onClick={() => void invitation.refetch()}>Try again</Button>}
          />
        )}
      </SignInFrame>
    )
  }
  if (invitation.data === undefined || session.data === undefined) {
    return (
      <SignInFrame title="Reading your invitation…">
        <Skeleton label="Reading your invitation" lines={5} />
      </SignInFrame>
    )
  }
  const { project_name: project } = invitation.data
  return (
    <SignInFrame title={project === null ? 'You are invited to Tomosift' : `You are invited to “${project}”`}>
      <About invitation={invitation.data} />
      {session.data === null ? (
        <NewAccount token={token} joins={project !== null} />
      ) : (
        <WithAccount token={token} session={session.data} joins={project !== null} />
      )}
    </SignInFrame>
  )
}

function About({ invitation }: { invitation: InvitationShown }) {
  const { made_by, role, expires_at } = invitation
  return (
    <p className={styles.text}>
      {made_by !== null && `${made_by} invites you. `}
      {role !== null && `You will be ${ROLES[role].article}: you may ${ROLES[role].may}. `}
      Tomosift sorts particles of cryo-electron tomograms together with you. The invitation works once, until{' '}
      {formatDateTime(expires_at)}.
    </p>
  )
}

const NAME = /^[A-Za-z0-9._-]+$/

function nameError(name: string): string | null {
  if (name === '') return 'Choose a name to sign in with.'
  return NAME.test(name) ? null : 'Only letters, digits, dots, dashes and underscores.'
}

function NewAccount({ token, joins }: { token: string; joins: boolean }) {
  const [displayName, setDisplayName] = useState('')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [tried, setTried] = useState(false)
  const enter = useEnter()
  const accept = useMutation({ mutationFn: acceptInvitation, onSuccess: enter })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (displayName.trim() === '' || nameError(name) !== null || passwordError(password) !== null) return
    accept.mutate({ token, name, display_name: displayName.trim(), password })
  }
  return (
    <>
      <form className={styles.form} noValidate onSubmit={submit}>
        <TextField
          label="Your name"
          hint="As your colleagues know you."
          value={displayName}
          onChange={setDisplayName}
          error={tried && displayName.trim() === '' ? 'Type your name.' : null}
          autoComplete="name"
          maxLength={100}
        />
        <TextField
          label="Name to sign in with"
          hint="Short, such as “ada”."
          value={name}
          onChange={setName}
          error={tried ? nameError(name) : null}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
        />
        <NewPasswordField value={password} onChange={setPassword} tried={tried} />
        {accept.error && <ErrorNotice error={accept.error} />}
        <Button kind="primary" size="large" type="submit" disabled={accept.isPending}>
          {accept.isPending ? 'Making your account…' : joins ? 'Make my account and join' : 'Make my account'}
        </Button>
      </form>
      {joins && (
        <p className={styles.text}>
          You have an account?{' '}
          <Link to="/sign-in" state={{ from: `/invitation#token=${token}` }}>
            Sign in
          </Link>{' '}
          and join with it.
        </p>
      )}
    </>
  )
}

function WithAccount({ token, session, joins }: { token: string; session: Session; joins: boolean }) {
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const signOut = useSignOut()
  const join = useMutation({
    mutationFn: joinByInvitation,
    onSuccess: async ({ slug }) => {
      await queryClient.invalidateQueries({ queryKey: queryKeys.projects })
      void navigate(`/projects/${slug}`, { replace: true })
    },
  })
  return (
    <>
      {joins ? (
        <div>
          <Button
            kind="primary"
            size="large"
            disabled={join.isPending || join.isSuccess}
            onClick={() => join.mutate(token)}
          >
            Join as {session.user.display_name}
          </Button>
        </div>
      ) : (
        <Notice
          title={`You are signed in as ${session.user.display_name}`}
          actions={<ButtonLink to="/">Open your projects</ButtonLink>}
        >
          This invitation makes a new account. It is for somebody who has none.
        </Notice>
      )}
      {join.error && <ErrorNotice error={join.error} />}
      <p className={styles.text}>
        Not you? Sign out, then open the invitation again.{' '}
        <Button size="small" kind="quiet" disabled={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out
        </Button>
      </p>
    </>
  )
}
