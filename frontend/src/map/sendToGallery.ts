/** Handing particles over to the gallery: too many for an address go through the tab's own storage. */

export const GALLERY_IDS = 'tomosift.gallery.ids'

/** Keeps the ids; returns the gallery's address that shows them. */
export function sendToGallery(slug: string, ids: readonly number[]): string {
  sessionStorage.setItem(GALLERY_IDS, JSON.stringify(ids))
  return `/projects/${slug}/gallery?ids=session`
}
