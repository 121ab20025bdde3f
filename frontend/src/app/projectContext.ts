/** The project on screen, and what a role may do in it. */
import { createContext, useContext } from 'react'
import type { Project, Role } from '../api/types'

export const ProjectContext = createContext<Project | null>(null)

/** The project on screen. Only beneath ProjectLayout. */
export function useProject(): Project {
  const project = useContext(ProjectContext)
  if (project === null) throw new Error('useProject is used outside ProjectLayout.')
  return project
}

const RANK: Record<Role, number> = { viewer: 0, annotator: 1, curator: 2, owner: 3 }

/** Whether a person with `role` may do what needs at least `needed`. The service checks again. */
export function allows(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed]
}
