import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react'

interface Popover {
  open: boolean
  /** For what leads elsewhere from the panel. */
  close: () => void
  /** For the element around the button and the panel. */
  anchor: { ref: RefObject<HTMLDivElement | null>; onKeyDown: (event: KeyboardEvent) => void }
  /** For the button that opens and closes the panel. */
  toggle: { ref: RefObject<HTMLButtonElement | null>; 'aria-expanded': boolean; onClick: () => void }
}

/** A panel that its button opens; Escape, a press or focus elsewhere close it, and Escape goes back to the button. */
export function usePopover(): Popover {
  const [open, setOpen] = useState(false)
  const anchor = useRef<HTMLDivElement>(null)
  const toggle = useRef<HTMLButtonElement>(null)

  useEffect(() => {
    if (!open) return
    const closeOutside = (event: Event): void => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', closeOutside)
    document.addEventListener('focusin', closeOutside)
    return () => {
      document.removeEventListener('pointerdown', closeOutside)
      document.removeEventListener('focusin', closeOutside)
    }
  }, [open])

  const closeByKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !open) return
    setOpen(false)
    toggle.current?.focus()
  }
  return {
    open,
    close: () => setOpen(false),
    anchor: { ref: anchor, onKeyDown: closeByKey },
    toggle: { ref: toggle, 'aria-expanded': open, onClick: () => setOpen(!open) },
  }
}
