/** Addresses in the gallery of a project's particles. */
import { SENT_IDS } from '../../gallery/filter'

/** The gallery of what is labeled and predicted so, by the classes' names. */
export function galleryLink(slug: string, filters: { label: string; predicted: string }): string {
  return `/projects/${slug}/gallery?${new URLSearchParams(filters)}`
}

/** The gallery of these particles: too many for an address, so they are left for it in this tab. */
export function galleryOfParticles(slug: string, ids: readonly number[]): string {
  sessionStorage.setItem(SENT_IDS, JSON.stringify(ids))
  return `/projects/${slug}/gallery?ids=session`
}
