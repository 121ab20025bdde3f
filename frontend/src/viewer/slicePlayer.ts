/** Runs through the slices of a pane, to and fro. */
import { STACK_AXIS, stepSlice, type SlicePane, type ViewStore } from './viewState'
import type { Shape } from './volume'

/** Ten slices a second: a box of 64 takes six seconds, and software rendering keeps up. */
export const PLAY_INTERVAL_MS = 100

/** Start at the slice on screen, upwards; it turns at the ends. Returns how to stop. */
export function playSlices(store: ViewStore, pane: SlicePane, shape: Shape): () => void {
  const axis = STACK_AXIS[pane]
  let direction: 1 | -1 = 1
  const timer = setInterval(() => {
    const state = store.getState()
    const index = state.crosshair[axis]
    if (index >= shape[axis] - 1) direction = -1
    else if (index <= 0) direction = 1
    store.setState(stepSlice(state, pane, direction, shape))
  }, PLAY_INTERVAL_MS)
  return () => clearInterval(timer)
}
