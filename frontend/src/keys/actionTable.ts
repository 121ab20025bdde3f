/** What a page can do, in one table: it drives the keys, the buttons and the help sheet. */

export interface TableAction {
  readonly id: string
  readonly label: string
  /** Under which heading the help sheet lists it. */
  readonly group: string
  /** `1`, `u`, `ctrl+z`, `arrowup`, `?`: the first one is shown on the button. */
  readonly keys: readonly string[]
  readonly enabled: () => boolean
  readonly run: () => void
}

/** Something done by the mouse, for the help sheet: what to do, and what it does. */
export type Gesture = readonly [gesture: string, effect: string]

export interface KeyPress {
  readonly key: string
  readonly code: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
}

/** The names a key press answers to, most specific first. Digits work on every layout, also on the number pad. */
export function keyNames(press: KeyPress): readonly string[] {
  if (press.altKey) return []
  const command = press.ctrlKey || press.metaKey
  const key = press.key.toLowerCase()
  if (command) return [`ctrl+${key}`]
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code)?.[1]
  return digit === undefined || digit === key ? [key] : [key, digit]
}

export function findAction<Action extends TableAction>(
  actions: readonly Action[],
  press: KeyPress,
): Action | null {
  for (const name of keyNames(press)) {
    const action = actions.find((candidate) => candidate.keys.includes(name))
    if (action !== undefined) return action
  }
  return null
}

/** How a key is written on its cap. */
export function keyCap(key: string): string {
  if (key === '+') return key
  const named: Readonly<Record<string, string>> = {
    arrowup: '↑',
    arrowdown: '↓',
    arrowleft: '←',
    arrowright: '→',
  }
  return key
    .split('+')
    .map((part) => named[part] ?? (part === 'ctrl' ? 'Ctrl' : part.toUpperCase()))
    .join(' ')
}
