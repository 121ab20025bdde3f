import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { probe, reportUnreachable, useConnection } from '../api/connection'
import { Icon } from '../design/icons'
import styles from './ConnectionBanner.module.css'

const PROBE_EVERY_MS = 3000

/** Says that the service does not answer, keeps asking, and renews the page when it is back. */
export function ConnectionBanner() {
  const reachable = useConnection((state) => state.reachable)
  const queryClient = useQueryClient()

  useEffect(() => {
    window.addEventListener('offline', reportUnreachable)
    return () => window.removeEventListener('offline', reportUnreachable)
  }, [])

  useEffect(() => {
    if (reachable) return
    const ask = async () => {
      if (await probe()) await queryClient.invalidateQueries()
    }
    const timer = setInterval(() => void ask(), PROBE_EVERY_MS)
    const askNow = () => void ask()
    window.addEventListener('online', askNow)
    return () => {
      clearInterval(timer)
      window.removeEventListener('online', askNow)
    }
  }, [reachable, queryClient])

  return (
    <div role="status">
      {!reachable && (
        <p className={styles.banner}>
          <Icon name="offline" />
          No connection to Tomosift. Your decisions are kept in this browser and sent when it is back. Trying
          again…
        </p>
      )}
    </div>
  )
}
