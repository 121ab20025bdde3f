/** The one-time token in a sign-in link, or in whatever part of it was pasted; null where there is none. */
export function tokenIn(text: string): string | null {
  const trimmed = text.trim()
  const afterHash = trimmed.includes('#') ? trimmed.slice(trimmed.indexOf('#') + 1) : null
  if (afterHash !== null) return new URLSearchParams(afterHash).get('token') || null
  return /^[\w-]{8,}$/.test(trimmed) ? trimmed : null
}

/** Take the token out of the address, so that it stays neither on screen nor in the history. */
export function takeTokenFromAddress(): string | null {
  const token = tokenIn(window.location.hash)
  if (window.location.hash !== '') {
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
  }
  return token
}
