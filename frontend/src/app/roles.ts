/** Roles in a project, in words. */
import type { Role } from '../api/types'

export const ROLES: Record<Role, { title: string; article: string; may: string }> = {
  viewer: { title: 'Viewer', article: 'a viewer', may: 'look at everything' },
  annotator: { title: 'Annotator', article: 'an annotator', may: 'label particles' },
  curator: {
    title: 'Curator',
    article: 'a curator',
    may: 'label, import, launch cycles, review and export',
  },
  owner: {
    title: 'Owner',
    article: 'an owner',
    may: 'do everything: members, classes, settings, deleting the project',
  },
}

/** All roles, the least powerful first, for a list to choose from. */
export const ROLE_OPTIONS = (['viewer', 'annotator', 'curator', 'owner'] as const).map((role) => ({
  value: role,
  title: ROLES[role].title,
}))
