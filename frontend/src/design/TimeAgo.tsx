import { useEffect, useState } from 'react'
import { formatAgo, formatDateTime } from '../format/time'

/** The current time, renewed every `seconds` while the component is shown. */
export function useNow(seconds: number): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), seconds * 1000)
    return () => clearInterval(timer)
  }, [seconds])
  return now
}

/** How long ago something was; the exact time on hover. */
export function TimeAgo({ iso }: { iso: string }) {
  const now = useNow(30)
  return (
    <time dateTime={iso} title={formatDateTime(iso)}>
      {formatAgo(iso, now)}
    </time>
  )
}
