import { create } from 'zustand'

/** Whether the service answers, and whether this browser is still signed in. Everything that talks to it reports here. */
export interface ConnectionState {
  reachable: boolean
  signedOut: boolean
}

export const useConnection = create<ConnectionState>(() => ({ reachable: true, signedOut: false }))

/** An answer came, whatever it was. */
export function reportReachable(): void {
  if (!useConnection.getState().reachable) useConnection.setState({ reachable: true })
}

/** A request got no answer. */
export function reportUnreachable(): void {
  if (useConnection.getState().reachable) useConnection.setState({ reachable: false })
}

/** The service no longer knows this browser's session. */
export function reportSignedOut(): void {
  if (!useConnection.getState().signedOut) useConnection.setState({ signedOut: true })
}

/** Someone has signed in, here or in another tab. */
export function reportSignedIn(): void {
  if (useConnection.getState().signedOut) useConnection.setState({ signedOut: false })
}

/** Ask the service for a sign of life. */
export async function probe(): Promise<boolean> {
  try {
    const response = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(5000) })
    if (!response.ok) return false
    reportReachable()
    return true
  } catch {
    return false
  }
}
