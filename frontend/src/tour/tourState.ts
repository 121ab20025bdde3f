/** Where the tour is, and whether a person has had it: remembered in this browser, for each person. */
import { create } from 'zustand'

interface TourState {
  /** The project it goes through. */
  slug: string
  /** The step on screen; null when nobody is on tour. */
  step: number | null
}

export const useTour = create<TourState>(() => ({ slug: '', step: null }))

export const startTour = (slug: string): void => useTour.setState({ slug, step: 0 })
export const goToStep = (step: number): void => useTour.setState({ step })

/** Ends it, also when it was not taken; this person is not offered it again. */
export function endTour(userId: string): void {
  useTour.setState({ step: null })
  try {
    localStorage.setItem(keyOf(userId), 'had')
  } catch {
    // Storage may be switched off; the offer then comes again.
  }
}

export function hadTour(userId: string): boolean {
  try {
    return localStorage.getItem(keyOf(userId)) !== null
  } catch {
    return false
  }
}

const keyOf = (userId: string): string => `tomosift.tour.${userId}`
