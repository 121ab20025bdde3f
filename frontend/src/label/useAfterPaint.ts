import { useEffect, useState } from 'react'
import type { StoreApi } from 'zustand/vanilla'

/** A hidden page draws no frames. */
const LONGEST_WAIT_MS = 100

/** Do something once the next frame is on screen; returns how to call it off. */
export function afterPaint(work: () => void): () => void {
  let timer = setTimeout(work, LONGEST_WAIT_MS)
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer)
    timer = setTimeout(work)
  })
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}

/**
 * A store's state, read anew once the next frame is on screen. The viewer hears of the next volume by itself; the words
 * around it take longer to lay out than the slices to draw, so they come after.
 */
export function useAfterPaint<State>(store: StoreApi<State>): State {
  const [state, setState] = useState(() => store.getState())
  useEffect(() => {
    let callOff: (() => void) | null = null
    const update = (): void => {
      callOff = null
      setState(store.getState())
    }
    const unsubscribe = store.subscribe(() => {
      callOff ??= afterPaint(update)
    })
    update()
    return () => {
      unsubscribe()
      callOff?.()
    }
  }, [store])
  return state
}
