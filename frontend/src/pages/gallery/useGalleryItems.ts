import { useEffect, useMemo } from 'react'
import { useProjectEvents } from '../../api/useProjectEvents'
import type { GalleryFilter } from '../../gallery/filter'
import { GalleryItems } from '../../gallery/GalleryItems'
import { gallerySource } from '../../gallery/source'

/** The items of a filter, read anew when the filter changes or predictions that were being prepared are there. */
export function useGalleryItems(slug: string, filter: GalleryFilter): GalleryItems {
  const items = useMemo(() => new GalleryItems(gallerySource(slug, filter)), [slug, filter])
  useEffect(() => {
    void items.start()
    return () => items.dispose()
  }, [items])
  useProjectEvents(slug, {
    cycle: () => {
      if (items.store.getState().model?.state === 'preparing') items.renew()
    },
  })
  return items
}
