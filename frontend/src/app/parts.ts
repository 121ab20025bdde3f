/** The parts of the interface that are loaded on their own: what the first page does not need. */
import { lazy } from 'react'

const load = {
  overview: () => import('../pages/overview/OverviewPage'),
  cycles: () => import('../pages/cycles/CyclesPage'),
  cycle: () => import('../pages/cycles/CyclePage'),
  compareCycles: () => import('../pages/cycles/compare/ComparePage'),
  data: () => import('../pages/data/DataPage'),
  map: () => import('../pages/map/MapPage'),
  gallery: () => import('../pages/gallery/GalleryPage'),
  review: () => import('../pages/review/ReviewPage'),
  export: () => import('../pages/export/ExportPage'),
  members: () => import('../pages/settings/MembersPage'),
  projectSettings: () => import('../pages/settings/ProjectSettingsPage'),
  deletedProject: () => import('../pages/settings/DeletedProjectPage'),
  classes: () => import('../pages/settings/classes/ClassesPage'),
  activity: () => import('../pages/settings/ActivityPage'),
  webhooks: () => import('../pages/settings/webhooks/WebhooksPage'),
  account: () => import('../pages/account/AccountPage'),
  people: () => import('../pages/admin/PeoplePage'),
  serviceActivity: () => import('../pages/admin/ServiceActivityPage'),
  deletedProjects: () => import('../pages/admin/DeletedProjectsPage'),
  newPassword: () => import('../pages/signIn/NewPasswordPage'),
  invitation: () => import('../pages/signIn/InvitationPage'),
  system: () => import('../pages/admin/SystemPage'),
  help: () => import('./HelpDialog'),
  tour: () => import('../tour/Tour'),
  label: () => import('../pages/label/LabelRoute'),
  viewer: () => import('../viewer/ViewerStage'),
}

export const OverviewPage = lazy(load.overview)
export const CyclesPage = lazy(load.cycles)
export const CyclePage = lazy(load.cycle)
export const CompareCyclesPage = lazy(load.compareCycles)
export const DataPage = lazy(load.data)
export const MapPage = lazy(load.map)
export const GalleryPage = lazy(load.gallery)
export const ExportPage = lazy(load.export)
export const ReviewPage = lazy(load.review)
export const MembersPage = lazy(load.members)
export const ProjectSettingsPage = lazy(load.projectSettings)
export const DeletedProjectPage = lazy(load.deletedProject)
export const ClassesPage = lazy(load.classes)
export const ActivityPage = lazy(load.activity)
export const WebhooksPage = lazy(load.webhooks)
export const AccountPage = lazy(load.account)
export const PeoplePage = lazy(load.people)
export const ServiceActivityPage = lazy(load.serviceActivity)
export const DeletedProjectsPage = lazy(load.deletedProjects)
export const NewPasswordPage = lazy(load.newPassword)
export const InvitationPage = lazy(load.invitation)
export const SystemPage = lazy(load.system)
export const HelpDialog = lazy(load.help)
export const Tour = lazy(load.tour)
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
