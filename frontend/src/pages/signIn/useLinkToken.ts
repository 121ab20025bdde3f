import { useEffect, useState } from 'react'
import { takeTokenFromAddress } from './linkToken'

/** The token of the link that led here; or of the next one, pasted over the address of the page that is open. */
export function useLinkToken(): string | null {
  const [token, setToken] = useState(takeTokenFromAddress)
  useEffect(() => {
    const take = () => {
      const next = takeTokenFromAddress()
      if (next !== null) setToken(next)
    }
    window.addEventListener('hashchange', take)
    return () => window.removeEventListener('hashchange', take)
  }, [])
  return token
}
