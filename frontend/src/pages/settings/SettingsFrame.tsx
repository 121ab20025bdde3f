import type { ReactNode } from 'react'
import { Page } from '../../app/Page'
import { allows, useProject } from '../../app/projectContext'
import { SubNavigation } from '../../app/SubNavigation'
import { EmptyState } from '../../design/EmptyState'

/** The frame of the pages about a project itself: who is in it, how it works, what happened in it. */
export function SettingsFrame({
  title,
  actions,
  forOwners = true,
  children,
}: {
  title: string
  actions?: ReactNode
  /** Whether only owners see what is inside. */
  forOwners?: boolean
  children: ReactNode
}) {
  const project = useProject()
  const base = `/projects/${project.slug}/settings`
  const owns = allows(project.role, 'owner')
  const links = [
    { to: base, title: 'Members' },
    { to: `${base}/classes`, title: 'Classes' },
    ...(owns
      ? [
          { to: `${base}/project`, title: 'Project' },
          { to: `${base}/activity`, title: 'Activity' },
          { to: `${base}/webhooks`, title: 'Webhooks' },
        ]
      : []),
  ]
  return (
    <Page
      title={title}
      windowTitle={`${title} of ${project.name}`}
      actions={owns || !forOwners ? actions : undefined}
    >
      <SubNavigation label="Settings" links={links} />
      {owns || !forOwners ? (
        children
      ) : (
        <EmptyState title="This is for owners of the project">
          Your role in this project is {project.role}. Ask one of its owners; the list of members says who
          they are.
        </EmptyState>
      )}
    </Page>
  )
}
