import { create } from 'zustand'

export type Theme = 'system' | 'light' | 'dark'
const KEY = 'tomosift.theme' // public/theme.js reads the same key before the first paint

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

export const useTheme = create<{ theme: Theme }>(() => ({ theme: stored() }))

/** Choose light, dark, or what the system says; kept in this browser. */
export function setTheme(theme: Theme): void {
  useTheme.setState({ theme })
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset['theme']
  else dataset['theme'] = theme
  try {
    if (theme === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, theme)
  } catch {
    // Storage may be switched off; the choice then lasts as long as the page.
  }
}

/** Call back whenever the colours on screen change, by choice or by the system. Returns how to stop. */
export function onThemeChange(callback: () => void): () => void {
  const system = window.matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', callback)
  const stop = useTheme.subscribe(callback)
  return () => {
    system.removeEventListener('change', callback)
    stop()
  }
}
