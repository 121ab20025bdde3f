/** Who is signed in. */
import { createContext, useContext } from 'react'
import type { User } from '../api/types'

export const UserContext = createContext<User | null>(null)

/** Who is signed in. Only beneath SignedIn. */
export function useUser(): User {
  const user = useContext(UserContext)
  if (user === null) throw new Error('useUser is used outside SignedIn.')
  return user
}
