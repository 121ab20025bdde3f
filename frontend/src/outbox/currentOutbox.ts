/** The one outbox of this page: it goes on sending whichever page of the interface is open. */
import { useConnection } from '../api/connection'
import { httpTransport } from './httpTransport'
import { Outbox } from './Outbox'
import { openStorage } from './storage'

let current: { readonly userId: string; readonly outbox: Promise<Outbox> } | null = null

/** The outbox of the person signed in; started at the first call, replaced when someone else signs in. */
export function outboxFor(userId: string): Promise<Outbox> {
  if (current?.userId === userId) return current.outbox
  void current?.outbox.then((outbox) => outbox.dispose())
  current = { userId, outbox: startOutbox(userId) }
  return current.outbox
}

async function startOutbox(userId: string): Promise<Outbox> {
  const outbox = new Outbox({ userId, storage: await openStorage(), transport: httpTransport(userId) })
  outbox.start()
  // Signing in again, here or in another tab, or a network that is back: send at once.
  useConnection.subscribe((now, before) => {
    if ((before.signedOut && !now.signedOut) || (!before.reachable && now.reachable)) void outbox.flush()
  })
  return outbox
}
