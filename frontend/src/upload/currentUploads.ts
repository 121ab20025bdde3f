import { create } from 'zustand'
import type { Upload } from './Upload'

export interface CurrentUpload {
  readonly upload: Upload
  /** Which of its files is the particle list; null where an archive will tell. */
  readonly list: string | null
}

/** The upload of each project, by its slug: it goes on while one looks at other pages. */
export const useCurrentUploads = create<Record<string, CurrentUpload | undefined>>(() => ({}))

export function setCurrentUpload(slug: string, current: CurrentUpload | undefined): void {
  useCurrentUploads.setState({ [slug]: current })
}

/** Whether closing the page would stop anything. */
function isSending(): boolean {
  return Object.values(useCurrentUploads.getState()).some((current) => {
    const phase = current?.upload.store.getState().phase
    return phase === 'sending' || phase === 'waiting'
  })
}

window.addEventListener('beforeunload', (event) => {
  if (isSending()) event.preventDefault()
})
