import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { mapQuery } from '../../api/particles'
import { cyclesQuery } from '../../api/queries'
import type { Cycle } from '../../api/types'
import { Page } from '../../app/Page'
import { useProject } from '../../app/projectContext'
import { Button } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { MapDesk } from './MapDesk'
import { NoMap } from './NoMap'

/** Its map lies with its numbers; the launch's settings can do without one. */
const hasMap = ({ stage, metrics }: Cycle) => stage === 'ready' && metrics?.map != null

/** The whole pool at a glance: what the newest cycle finds alike lies close together. */
export default function MapPage() {
  const project = useProject()
  const cycles = useQuery(cyclesQuery(project.slug))
  const map = useQuery({
    ...mapQuery(project.slug),
    enabled: cycles.data?.items.some(hasMap) ?? false,
  })
  const { error, refetch } = cycles.isError ? cycles : map
  if (map.data !== undefined && map.data.count > 0) return <MapDesk project={project} map={map.data} />
  return (
    <Frame>
      {error !== null && (
        <ErrorNotice error={error} actions={<Button onClick={() => void refetch()}>Try again</Button>} />
      )}
      {error === null && (cycles.isPending || map.isLoading) && (
        <Skeleton label="Loading the map" lines={6} />
      )}
      {error === null && cycles.data && !map.isLoading && (
        <NoMap project={project} cycles={cycles.data.items} />
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
