/** What the service writes into the address (`?problem=`) when signing in at the provider did not work. */
const PROBLEMS: Record<string, { title: string; detail: string }> = {
  'oidc-expired': {
    title: 'That took too long',
    detail: 'The sign-in was not finished within ten minutes, or was begun in another browser. Start again.',
  },
  'oidc-refused': {
    title: 'The provider refused the sign-in',
    detail:
      'You may have cancelled it there. Start again, or ask whoever runs the provider whether you may use Tomosift.',
  },
  'oidc-invalid': {
    title: 'The provider’s answer could not be trusted',
    detail: 'Start again. If it stays, tell your administrator: the settings of the provider may be wrong.',
  },
  'oidc-unreachable': {
    title: 'The provider does not answer',
    detail: 'Try again in a few minutes, or sign in another way.',
  },
  'oidc-no-account': {
    title: 'You have no account here yet',
    detail:
      'The provider knows you, Tomosift does not. Ask the owner of a project or your administrator for an invitation. If you have an account, sign in to it another way, then connect the two on your account page.',
  },
  'oidc-other-account': {
    title: 'That login belongs to another account',
    detail:
      'It is connected with somebody else’s account here, so nothing was changed. Sign in to that account instead.',
  },
  'too-many': {
    title: 'Too many sign-ins failed',
    detail: 'Wait up to 15 minutes, then try again.',
  },
}

/** Words for the problem in an address; null where there is none. */
export function problemIn(search: string): { title: string; detail: string } | null {
  const kind = new URLSearchParams(search).get('problem')
  if (kind === null) return null
  return PROBLEMS[kind] ?? { title: 'The sign-in did not work', detail: 'Start again.' }
}
