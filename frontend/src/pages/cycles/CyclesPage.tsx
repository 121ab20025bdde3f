import { useQuery } from '@tanstack/react-query'
import { cyclesQuery } from '../../api/queries'
import { Page } from '../../app/Page'
import { allows, useProject } from '../../app/projectContext'
import { Button, ButtonLink } from '../../design/Button'
import { EmptyState } from '../../design/EmptyState'
import { ErrorNotice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import styles from './CyclesPage.module.css'
import { CycleTable } from './CycleTable'
import { LaunchButton } from './LaunchButton'
import { LiveCycle } from './LiveCycle'
import { isActive } from './stages'
import { TriggersSection } from './triggers/TriggersSection'

/** All cycles of a project; the one under way on top. */
export default function CyclesPage() {
  const project = useProject()
  const cycles = useQuery(cyclesQuery(project.slug))
  const active = cycles.data?.items.find(isActive)
  const withModel =
    cycles.data?.items.filter(({ stage, model_id: id }) => stage === 'ready' && id !== null).length ?? 0
  const mayLaunch = allows(project.role, 'curator')
  return (
    <Page
      title="Cycles"
      windowTitle={`Cycles of ${project.name}`}
      sub="Each cycle trains a network on your labels and picks the next particles to label."
      actions={
        mayLaunch && (
          <div className={styles.actions}>
            {withModel >= 2 && (
              <ButtonLink to={`/projects/${project.slug}/cycles/compare`}>Compare two cycles</ButtonLink>
            )}
            {cycles.data && !active && <LaunchButton project={project} kind="primary" />}
          </div>
        )
      }
    >
      {cycles.isPending && <Skeleton label="Loading cycles" lines={6} />}
      {cycles.isError && (
        <ErrorNotice
          error={cycles.error}
          actions={<Button onClick={() => void cycles.refetch()}>Try again</Button>}
        />
      )}
      {cycles.data && (
        <div className={styles.parts}>
          {active && <LiveCycle project={project} cycle={active} />}
          {cycles.data.items.length > 0 ? (
            <CycleTable slug={project.slug} cycles={cycles.data.items} />
          ) : (
            <EmptyState
              title="No cycle yet"
              actions={
                <ButtonLink icon="label" to={`/projects/${project.slug}/label`}>
                  Label particles
                </ButtonLink>
              }
            >
              Until the first cycle, particles come to you in random order. Label about 40, then launch one:
              from then on you see the particles the network learns most from.
            </EmptyState>
          )}
          <TriggersSection project={project} />
        </div>
      )}
    </Page>
  )
}
