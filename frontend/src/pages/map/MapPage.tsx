import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { mapQuery } from '../../api/particles'
import { ApiProblem } from '../../api/problem'
import { Page } from '../../app/Page'
import { useProject } from '../../app/projectContext'
import { Button, ButtonLink } from '../../design/Button'
import { EmptyState } from '../../design/EmptyState'
import { ErrorNotice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { MapDesk } from './MapDesk'

/** The whole pool at a glance: what the newest cycle finds alike lies close together. */
export default function MapPage() {
  const project = useProject()
  const map = useQuery(mapQuery(project.slug))
  if (map.data !== undefined) {
    return map.data.count === 0 ? <NoMap /> : <MapDesk project={project} map={map.data} />
  }
  if (map.error instanceof ApiProblem && map.error.kind === 'no-map') return <NoMap />
  return (
    <Frame>
      {map.isError ? (
        <ErrorNotice
          error={map.error}
          actions={<Button onClick={() => void map.refetch()}>Try again</Button>}
        />
      ) : (
        <Skeleton label="Loading the map" lines={6} />
      )}
    </Frame>
  )
}

function Frame({ children }: { children: ReactNode }) {
  const { name } = useProject()
  return (
    <Page title="Map" windowTitle={`Map · ${name}`}>
      {children}
    </Page>
  )
}

function NoMap() {
  const { slug } = useProject()
  return (
    <Frame>
      <EmptyState
        title="The map comes with the first cycle"
        actions={<ButtonLink to={`/projects/${slug}/cycles`}>To the cycles</ButtonLink>}
      >
        A cycle looks at every particle. The map then puts those that look alike next to each other, so that
        you can outline a group and label it at once.
      </EmptyState>
    </Frame>
  )
}
