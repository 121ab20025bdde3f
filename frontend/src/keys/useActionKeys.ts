import { useEffect, useEffectEvent } from 'react'
import { findAction, type Gesture, type TableAction } from './actionTable'
import { listInHelp } from './helpSheet'

/** Controls in which a key types or moves something of its own. */
const OWN_KEYS = 'input:not([type="range"]), textarea, select, [contenteditable="true"], dialog'
const NO_GESTURES: readonly Gesture[] = []

function isTaken(event: KeyboardEvent): boolean {
  const { target } = event
  if (!(target instanceof Element)) return false
  if (target.closest(OWN_KEYS) !== null) return true
  // A slider keeps its arrows, but not the digits.
  return target.closest('input[type="range"]') !== null && event.key.startsWith('Arrow')
}

/** Runs the actions by their keys, and lists them in the help sheet, while the component is mounted. */
export function useActionKeys(
  actions: readonly TableAction[],
  gestures: readonly Gesture[] = NO_GESTURES,
): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    // A key that is held down must not decide item after item; stepping through slices may repeat.
    if (event.defaultPrevented || isTaken(event) || document.querySelector('dialog[open]') !== null) return
    const action = findAction(actions, event)
    if (action === null || (event.repeat && !event.key.startsWith('Arrow'))) return
    event.preventDefault()
    if (action.enabled()) action.run()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKeyDown(event)
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])
  useEffect(() => listInHelp({ actions, gestures }), [actions, gestures])
}
