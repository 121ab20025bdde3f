import { useEffect, useState } from 'react'
import type { Box } from './placeCard'

const LOOK_AGAIN_MS = 200

/** The place of the first element that `selector` finds, followed as the page loads and moves; null while none is there. */
export function useAnchor(selector: string): Box | null {
  const [box, setBox] = useState(() => boxOf(document.querySelector(selector)))
  useEffect(() => {
    let shown: Element | null = null
    const look = () => {
      const element = document.querySelector(selector)
      if (element !== shown) element?.scrollIntoView?.({ block: 'nearest' })
      shown = element
      const found = boxOf(element)
      setBox((before) => (isSame(before, found) ? before : found))
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

function boxOf(element: Element | null): Box | null {
  if (element === null) return null
  const { left, top, width, height } = element.getBoundingClientRect()
  return { left, top, width, height }
}

function isSame(one: Box | null, other: Box | null): boolean {
  if (one === null || other === null) return one === other
  return (['left', 'top', 'width', 'height'] as const).every((side) => one[side] === other[side])
}
