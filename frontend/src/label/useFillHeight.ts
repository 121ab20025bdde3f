import { useLayoutEffect, type RefObject } from 'react'

/** Make an element as tall as what is left of the window below its top edge, whatever lies above it. */
export function useFillHeight(ref: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const fit = (): void => {
      const top = element.getBoundingClientRect().top + window.scrollY
      element.style.setProperty('--page-top', `${Math.round(top)}px`)
    }
    fit()
    // Bars above come and go: the body's size follows them.
    const observer = new ResizeObserver(fit)
    observer.observe(document.body)
    window.addEventListener('resize', fit)
    return () => {
      observer.disconnect()
      window.removeEventListener('resize', fit)
    }
  }, [ref])
}
