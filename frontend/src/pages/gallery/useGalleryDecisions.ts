import { useEffect, useRef, useState } from 'react'
import { GalleryDecisions } from '../../gallery/GalleryDecisions'
import type { GalleryItems } from '../../gallery/GalleryItems'
import { outboxFor } from '../../outbox/currentOutbox'
import type { Outbox } from '../../outbox/Outbox'

export interface Desk {
  readonly outbox: Outbox
  readonly decisions: GalleryDecisions
}

/** The decisions of this visit; null until the outbox is open. They outlive a change of the filter. */
export function useGalleryDecisions(slug: string, userId: string, items: GalleryItems): Desk | null {
  const [desk, setDesk] = useState<Desk | null>(null)
  const shown = useRef(items)
  useEffect(() => {
    shown.current = items
  }, [items])
  useEffect(() => {
    let ended = false
    let made: GalleryDecisions | null = null
    void outboxFor(userId).then((outbox) => {
      if (ended) return
      made = new GalleryDecisions(slug, outbox, (labels) => shown.current.relabel(labels))
      setDesk({ outbox, decisions: made })
    })
    return () => {
      ended = true
      made?.dispose()
      setDesk(null)
    }
  }, [slug, userId])
  return desk
}
