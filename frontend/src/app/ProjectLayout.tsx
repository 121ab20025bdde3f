import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Outlet, useMatch, useParams } from 'react-router'
import { ApiProblem } from '../api/problem'
import { projectQuery } from '../api/queries'
import type { Project } from '../api/types'
import { useLiveProject } from '../api/useProjectEvents'
import { Button } from '../design/Button'
import { ErrorNotice } from '../design/Notice'
import { Skeleton } from '../design/Skeleton'
import { TourOffer } from '../tour/TourOffer'
import { NotFoundPage } from './NotFoundPage'
import { Page } from './Page'
import { DeletedProjectPage, prefetchParts } from './parts'
import { ProjectContext } from './projectContext'

/** Loads the project in the address and keeps everything shown of it live. */
export function ProjectLayout() {
  const { slug = '' } = useParams()
  const project = useQuery(projectQuery(slug))

  if (project.data?.delete_after) return <DeletedProjectPage project={project.data} />
  if (project.data !== undefined) return <LiveProject key={slug} project={project.data} />
  if (project.error instanceof ApiProblem && project.error.status === 404) {
    return (
      <NotFoundPage title="No such project">
        There is no project at this address, or you are not a member of it. Ask its owner to add you.
      </NotFoundPage>
    )
  }
  return (
    <Page title={project.isError ? 'The project could not be opened' : 'Opening the project…'}>
      {project.isError ? (
        <ErrorNotice
          error={project.error}
          actions={<Button onClick={() => void project.refetch()}>Try again</Button>}
        />
      ) : (
        <Skeleton label="Opening the project" lines={6} />
      )}
    </Page>
  )
}

function LiveProject({ project }: { project: Project }) {
  useLiveProject(project.slug)
  useEffect(() => prefetchParts(true), [])
  const isFirstPage = useMatch('/projects/:slug') !== null
  return (
    <ProjectContext value={project}>
      {isFirstPage && <TourOffer slug={project.slug} />}
      <Outlet />
    </ProjectContext>
  )
}
