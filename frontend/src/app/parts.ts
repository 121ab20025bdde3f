/** The parts of the interface that are loaded on their own: what the first page does not need. */
import { lazy } from 'react'

const load = {
  overview: () => import('../pages/overview/OverviewPage'),
  cycles: () => import('../pages/cycles/CyclesPage'),
  cycle: () => import('../pages/cycles/CyclePage'),
  data: () => import('../pages/data/DataPage'),
  review: () => import('../pages/review/ReviewPage'),
  export: () => import('../pages/export/ExportPage'),
  label: () => import('../pages/label/LabelRoute'),
  viewer: () => import('../viewer/ViewerStage'),
}

export const OverviewPage = lazy(load.overview)
export const CyclesPage = lazy(load.cycles)
export const CyclePage = lazy(load.cycle)
export const DataPage = lazy(load.data)
export const ExportPage = lazy(load.export)
export const ReviewPage = lazy(load.review)
export const LabelRoute = lazy(load.label)

/**
 * Fetch the parts while nothing else is going on, so that opening a page waits for nothing and works without a
 * connection. The label page (with the viewer, larger than the rest together) is fetched only within a project.
 */
export function prefetchParts(withLabel: boolean): () => void {
  const { label, viewer, ...pages } = load
  const fetchAll = () => {
    for (const part of [...Object.values(pages), ...(withLabel ? [label, viewer] : [])]) {
      // A failed one is fetched again when it is opened, and says so then.
      void part().catch(() => undefined)
    }
  }
  const timer = setTimeout(fetchAll, 300)
  return () => clearTimeout(timer)
}
