/** Accounts, sessions, invitations and members: what is read of them, and what can be changed. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, bodyOf } from './client'
import { queryKeys } from './queryKeys'
import type { components } from './schema.gen'
import type { Role } from './types'

type Schemas = components['schemas']

export type SessionBegun = Schemas['SessionBegun']
export type SignInWays = Schemas['SignInWays']
export type OpenSession = Schemas['OpenSession']
export type AccessToken = Schemas['TokenOut']
export type NewToken = Schemas['TokenIn']
export type Invitation = Schemas['InvitationOut']
export type InvitationShown = Schemas['InvitationShown']
export type InvitationMade = Schemas['InvitationMade']
export type Member = Schemas['MemberOut']
export type Account = Schemas['AccountOut']
export type AccountChanges = Schemas['UserPatch']

/** Keys of what is cached here; those of one project lie under the project's own key. */
const keys = {
  ways: ['sign-in-ways'] as const,
  sessions: ['sessions'] as const,
  tokens: ['tokens'] as const,
  users: ['users'] as const,
  accounts: ['accounts'] as const,
  invitations: (slug: string | null) =>
    slug === null ? (['invitations'] as const) : ([...queryKeys.project(slug).all, 'invitations'] as const),
  members: (slug: string) => [...queryKeys.project(slug).all, 'members'] as const,
}

const MOST = { params: { query: { limit: 200 } } }
const within = (slug: string) => ({ params: { path: { slug } } })

export const signInWaysQuery = queryOptions({
  queryKey: keys.ways,
  queryFn: () => bodyOf(api.GET('/api/v1/sign-in-ways')),
  staleTime: 60_000,
})

export const sessionsQuery = queryOptions({
  queryKey: keys.sessions,
  queryFn: () => bodyOf(api.GET('/api/v1/sessions')),
})

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: () => bodyOf(api.GET('/api/v1/tokens')),
})

/** Everybody who has an account, for whoever adds members. */
export const usersQuery = queryOptions({
  queryKey: keys.users,
  queryFn: () => bodyOf(api.GET('/api/v1/users', MOST)),
})

/** All accounts as administrators see them. */
export const accountsQuery = queryOptions({
  queryKey: keys.accounts,
  queryFn: () => bodyOf(api.GET('/api/v1/accounts', MOST)),
})

export const membersQuery = (slug: string) =>
  queryOptions({
    queryKey: keys.members(slug),
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/projects/{slug}/members', { params: { path: { slug }, query: { limit: 200 } } }),
      ),
  })

/** Invitations into a project, or (`slug` null) all of the service. */
export const invitationsQuery = (slug: string | null) =>
  queryOptions({
    queryKey: keys.invitations(slug),
    queryFn: () =>
      slug === null
        ? bodyOf(api.GET('/api/v1/invitations', MOST))
        : bodyOf(
            api.GET('/api/v1/projects/{slug}/invitations', {
              params: { path: { slug }, query: { limit: 200 } },
            }),
          ),
  })

/** Where the invitation behind `token` leads. */
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token] as const,
    queryFn: () => bodyOf(api.POST('/api/v1/invitations/look', { body: { token } })),
    staleTime: Infinity,
  })

/** Sign in with a name and its password. */
export function signInByPassword(body: { name: string; password: string }): Promise<SessionBegun> {
  return bodyOf(api.POST('/api/v1/session', { body }))
}

/** Make one's account by an invitation. */
export function acceptInvitation(body: Schemas['AcceptInvitation']): Promise<SessionBegun> {
  return bodyOf(api.POST('/api/v1/invitations/accept', { body }))
}

/** Join a project with the account that is signed in. */
export function joinByInvitation(token: string): Promise<Schemas['InvitationAccepted']> {
  return bodyOf(api.POST('/api/v1/invitations/join', { body: { token } }))
}

/** A change that makes what lies under `stale` old; so does a refusal, for somebody else may have changed it. */
function useChange<Wanted, Result>(
  change: (wanted: Wanted) => Promise<Result>,
  ...stale: (readonly unknown[])[]
) {
  const queryClient = useQueryClient()
  const readAnew = () => Promise.all(stale.map((queryKey) => queryClient.invalidateQueries({ queryKey })))
  return useMutation({
    mutationFn: change,
    onSuccess: readAnew,
    onError: () => void readAnew(),
  })
}

export const useSetPassword = () =>
  useChange(
    async (body: Schemas['PasswordIn']) => void (await api.PUT('/api/v1/session/password', { body })),
    queryKeys.session,
    keys.sessions,
  )

export const useRenameMyself = () =>
  useChange(
    (display_name: string) => bodyOf(api.PUT('/api/v1/session/name', { body: { display_name } })),
    queryKeys.session,
  )

export const useDisconnectProvider = () =>
  useChange(async () => void (await api.DELETE('/api/v1/session/provider')), queryKeys.session)

export const useEndSession = () =>
  useChange(
    async (id: string) =>
      void (await api.DELETE('/api/v1/sessions/{session_id}', { params: { path: { session_id: id } } })),
    keys.sessions,
  )

export const useEndOtherSessions = () =>
  useChange(() => bodyOf(api.DELETE('/api/v1/sessions')), keys.sessions)

export const useMakeToken = () =>
  useChange((body: NewToken) => bodyOf(api.POST('/api/v1/tokens', { body })), keys.tokens)

export const useRevokeToken = () =>
  useChange(
    async (id: string) =>
      void (await api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id: id } } })),
    keys.tokens,
  )

/** Invite into a project, or (`slug` null) to the service alone. */
export const useInvite = (slug: string | null) =>
  useChange(
    ({ role, ...body }: { note: string; expires_in_days: number; role: Role }): Promise<InvitationMade> =>
      slug === null
        ? bodyOf(api.POST('/api/v1/invitations', { body }))
        : bodyOf(
            api.POST('/api/v1/projects/{slug}/invitations', { ...within(slug), body: { ...body, role } }),
          ),
    keys.invitations(slug),
  )

export const useRevokeInvitation = (slug: string | null) =>
  useChange(async (id: string) => {
    if (slug === null) {
      await api.DELETE('/api/v1/invitations/{invitation_id}', { params: { path: { invitation_id: id } } })
    } else {
      await api.DELETE('/api/v1/projects/{slug}/invitations/{invitation_id}', {
        params: { path: { slug, invitation_id: id } },
      })
    }
  }, keys.invitations(slug))

/** Let somebody with an account into a project. */
export const useAddMember = (slug: string) =>
  useChange(
    ({ userId, role }: { userId: string; role: Role }) =>
      bodyOf(
        api.PUT('/api/v1/projects/{slug}/members/{user_id}', {
          params: { path: { slug, user_id: userId } },
          body: { role },
        }),
      ),
    keys.members(slug),
  )

const asRead = (slug: string, { user, version }: Member) => ({
  params: { path: { slug, user_id: user.id }, header: { 'If-Match': `"${version}"` } },
})

/** Give a member another role; refused if another owner has changed it meanwhile. */
export const useGiveRole = (slug: string) =>
  useChange(
    ({ member, role }: { member: Member; role: Role }) =>
      bodyOf(
        api.PUT('/api/v1/projects/{slug}/members/{user_id}', { ...asRead(slug, member), body: { role } }),
      ),
    queryKeys.project(slug).all,
  )

/** Take a member out; refused if another owner has changed the role meanwhile. */
export const useRemoveMember = (slug: string) =>
  useChange(
    async (member: Member) =>
      void (await api.DELETE('/api/v1/projects/{slug}/members/{user_id}', asRead(slug, member))),
    keys.members(slug),
  )

export const useLeaveProject = (slug: string) =>
  useChange(
    async () => void (await api.DELETE('/api/v1/projects/{slug}/membership', within(slug))),
    queryKeys.projects,
  )

export const useChangeAccount = () =>
  useChange(
    ({ userId, ...body }: AccountChanges & { userId: string }) =>
      bodyOf(api.PATCH('/api/v1/users/{user_id}', { params: { path: { user_id: userId } }, body })),
    keys.accounts,
  )

/** Make a sign-in link, or forget the password and make a link that asks for a new one. */
export const useMakeLink = () =>
  useChange(({ userId, reset }: { userId: string; reset: boolean }) => {
    const path = { params: { path: { user_id: userId } } }
    return reset
      ? bodyOf(api.POST('/api/v1/users/{user_id}/password-reset', path))
      : bodyOf(api.POST('/api/v1/users/{user_id}/sign-in-link', path))
  }, keys.accounts)

export const useEndSessionsOf = () =>
  useChange((userId: string) =>
    bodyOf(api.DELETE('/api/v1/users/{user_id}/sessions', { params: { path: { user_id: userId } } })),
  )
