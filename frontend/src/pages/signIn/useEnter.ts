import { useQueryClient } from '@tanstack/react-query'
import { useLocation, useNavigate } from 'react-router'
import type { SessionBegun } from '../../api/people'
import { queryKeys } from '../../api/queryKeys'

/** Where one goes after signing in: back to the page one came from, never to another site. */
export function destination(state: unknown): string {
  const from = (state as { from?: unknown } | null)?.from
  return typeof from === 'string' && /^\/(?!\/)/.test(from) ? from : '/'
}

/** Go on into the interface with a session that has just begun; first to a new password where one is asked for. */
export function useEnter(): (begun: SessionBegun) => void {
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const { state } = useLocation()
  return ({ user, has_password, has_provider, may_set_password, asks_password }) => {
    queryClient.clear() // nothing read under another account may stay
    queryClient.setQueryData(queryKeys.session, { user, has_password, has_provider, may_set_password })
    const from = destination(state)
    if (asks_password) void navigate('/new-password', { replace: true, state: { from } })
    else void navigate(from, { replace: true })
  }
}
