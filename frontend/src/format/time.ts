/** Points in time and lengths of time as people read them. */
const LOCALE = 'en-GB'

const dateTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' })

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Seconds as a length of time in at most two units: `8 s`, `3 min 20 s`, `2 h 5 min`, `3 days 4 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < MINUTE) return `${whole} s`
  if (whole < HOUR) return join(Math.floor(whole / MINUTE), 'min', whole % MINUTE, 's')
  if (whole < DAY) return join(Math.floor(whole / HOUR), 'h', Math.round((whole % HOUR) / MINUTE), 'min')
  const days = Math.floor(whole / DAY)
  return join(days, days === 1 ? 'day' : 'days', Math.round((whole % DAY) / HOUR), 'h')
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** An estimate of the time left, coarse on purpose so that it does not flicker: `a few seconds left`. */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 5) return 'a few seconds left'
  if (seconds < MINUTE) return `about ${Math.ceil(seconds / 5) * 5} s left`
  if (seconds < HOUR) return `about ${Math.ceil(seconds / MINUTE)} min left`
  return `about ${formatDuration(Math.ceil(seconds / (5 * MINUTE)) * 5 * MINUTE)} left`
}

/** How long ago `iso` was, seen from `now`: `just now`, `5 minutes ago`, `yesterday`. */
export function formatAgo(iso: string, now: Date = new Date()): string {
  const seconds = (new Date(iso).getTime() - now.getTime()) / 1000
  const size = Math.abs(seconds)
  if (size < 45) return 'just now'
  if (size < HOUR) return relative.format(Math.round(seconds / MINUTE), 'minute')
  if (size < DAY) return relative.format(Math.round(seconds / HOUR), 'hour')
  if (size < 30 * DAY) return relative.format(Math.round(seconds / DAY), 'day')
  return relative.format(Math.round(seconds / (30 * DAY)), 'month')
}

/** `20 Nov 2026, 22:18`. */
export function formatDateTime(iso: string): string {
  return dateTime.format(new Date(iso))
}

/** `22:18:03`, for log lines. */
export function formatClock(iso: string): string {
  return clock.format(new Date(iso))
}

/** Seconds from `startIso` to `endIso`, or to now where it has not ended. */
export function secondsBetween(startIso: string, endIso: string | null, now: Date = new Date()): number {
  const end = endIso === null ? now.getTime() : new Date(endIso).getTime()
  return Math.max(0, (end - new Date(startIso).getTime()) / 1000)
}
