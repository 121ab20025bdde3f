import type { ReactNode } from 'react'
import { NotFoundPage } from '../../app/NotFoundPage'
import { Page } from '../../app/Page'
import { SubNavigation } from '../../app/SubNavigation'
import { useUser } from '../../app/userContext'

const LINKS = [
  { to: '/admin', title: 'People' },
  { to: '/admin/activity', title: 'Activity' },
  { to: '/admin/projects', title: 'Deleted projects' },
  { to: '/admin/system', title: 'System' },
]

/** The frame of the pages for administrators of the service. */
export function AdminFrame({
  title,
  actions,
  children,
}: {
  title: string
  actions?: ReactNode
  children: ReactNode
}) {
  if (!useUser().is_admin) {
    return (
      <NotFoundPage title="For administrators">
        Only an administrator of this Tomosift may look here.
      </NotFoundPage>
    )
  }
  return (
    <Page title={title} actions={actions}>
      <SubNavigation label="Administration" links={LINKS} />
      {children}
    </Page>
  )
}
