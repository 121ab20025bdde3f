import { useEffect, useState } from 'react'
import type { Box } from './placeCard'

const LOOK_AGAIN_MS = 200

/** The place of the first element that `selector` finds, followed as the page loads and moves; null while none is there. */
export function useAnchor(selector: string): Box | null {
  const [box, setBox] = useState<Box | null>(null)
  useEffect(() => {
    let scrolledTo: Element | null = null
    const look = () => {
      const element = document.querySelector(selector)
      if (element === null) return setBox(null)
      if (element !== scrolledTo) {
        scrolledTo = element
        element.scrollIntoView?.({ block: 'nearest' })
      }
      const { left, top, width, height } = element.getBoundingClientRect()
      setBox((before) =>
        before?.left === left && before.top === top && before.width === width && before.height === height
          ? before
          : { left, top, width, height },
      )
    }
    look()
    const timer = setInterval(look, LOOK_AGAIN_MS)
    window.addEventListener('scroll', look, true)
    window.addEventListener('resize', look)
    return () => {
      clearInterval(timer)
      window.removeEventListener('scroll', look, true)
      window.removeEventListener('resize', look)
    }
  }, [selector])
  return box
}
