import { useEffect, useState } from 'react'
import { useProjectEvents } from '../api/useProjectEvents'
import { outboxFor } from '../outbox/currentOutbox'
import { httpLabelApi } from './api'
import { LabelSession } from './LabelSession'
import { TaskQueue } from './taskQueue'

/** One sitting, begun when the page is opened and ended, its items given back, when it is left. */
export function useLabelSession(projectSlug: string, userId: string): LabelSession | null {
  const [session, setSession] = useState<LabelSession | null>(null)

  useEffect(() => {
    let ended = false
    let begun: LabelSession | null = null
    void outboxFor(userId).then((outbox) => {
      if (ended) return
      const queue = new TaskQueue({
        api: httpLabelApi(projectSlug),
        decidedHere: () => outbox.waitingSubtomograms(projectSlug),
      })
      begun = new LabelSession(projectSlug, queue, outbox)
      queue.start()
      setSession(begun)
    })
    return () => {
      ended = true
      begun?.queue.stop()
      begun?.dispose()
      setSession(null)
    }
  }, [projectSlug, userId])

  useProjectEvents(projectSlug, {
    queue: ({ cycle_number }) => session?.queue.onQueueEvent(cycle_number),
    // The stream has (re)connected: what happened before was not heard.
    hello: () => void session?.queue.topUp(),
  })
  return session
}
