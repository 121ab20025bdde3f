/** The help sheet: whether it is open, and the action tables of what is on screen. */
import { create } from 'zustand'
import type { Gesture, TableAction } from './actionTable'

export interface ShownTable {
  readonly actions: readonly TableAction[]
  readonly gestures: readonly Gesture[]
}

export const useHelpSheet = create<{ isOpen: boolean; tables: readonly ShownTable[] }>(() => ({
  isOpen: false,
  tables: [],
}))

export const openHelp = (): void => useHelpSheet.setState({ isOpen: true })
export const closeHelp = (): void => useHelpSheet.setState({ isOpen: false })

/** List a table in the help sheet; returns how to take it out again. */
export function listInHelp(table: ShownTable): () => void {
  useHelpSheet.setState(({ tables }) => ({ tables: [table, ...tables] }))
  return () => useHelpSheet.setState(({ tables }) => ({ tables: tables.filter((other) => other !== table) }))
}
