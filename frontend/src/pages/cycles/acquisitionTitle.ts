import type { Catalogue, Cycle } from '../../api/types'

/** The name of the acquisition function a cycle used, as the catalogue writes it; its id where no worker is there to ask. */
export function acquisitionTitle(id: string, catalogue: Catalogue | undefined): string {
  return catalogue?.acquisition.find((entry) => entry.id === id)?.title ?? id
}

/** The id of the acquisition function in a cycle's settings. */
export function acquisitionOf(cycle: Cycle): string | null {
  const id = cycle.settings['acquisition']
  return typeof id === 'string' ? id : null
}
