import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { cyclesQuery, progressQuery } from '../../api/queries'
import type { Project } from '../../api/types'
import { useProject } from '../../app/projectContext'
import { Button } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { formatPlural, formatVoxelSize } from '../../format/numbers'
import { CycleTable } from '../cycles/CycleTable'
import { LiveCycle } from '../cycles/LiveCycle'
import { StoppingAdvice } from '../cycles/quality/StoppingAdvice'
import { isActive } from '../cycles/stages'
import { LabelProgress } from './LabelProgress'
import { LearningCurveSection } from './LearningCurveSection'
import { ModelQuality } from './ModelQuality'
import { NextStepView } from './NextStepView'
import { WayThrough } from './WayThrough'
import styles from './OverviewPage.module.css'

const CYCLES_SHOWN = 5
const REFRESH_MS = 4000

/** A project at a glance: what to do next, what runs, how far it is. */
export default function OverviewPage() {
  const project = useProject()
  const cycles = useQuery(cyclesQuery(project.slug))
  const active = cycles.data?.items.find(isActive)
  // While a cycle runs, the sentence says how far it is.
  const progress = useQuery({ ...progressQuery(project.slug), refetchInterval: active ? REFRESH_MS : false })
  const ended = cycles.data?.items.filter((cycle) => !isActive(cycle)) ?? []
  const ready = ended.filter((cycle) => cycle.stage === 'ready')
  const advice = ready[0]?.metrics?.stopping
  const serving = cycles.data?.items.find((cycle) => cycle.serves)
  return (
    <>
      <title>{`${project.name} · Tomosift`}</title>
      <div className={styles.hero}>
        <div className={styles.heroInner}>
          <h1 className="visually-hidden">{project.name}</h1>
          <p className={styles.about}>{describe(project, progress.data?.pool_size)}</p>
          {progress.isPending && <Skeleton label="Loading what comes next" lines={2} />}
          {progress.isError && (
            <ErrorNotice
              error={progress.error}
              actions={<Button onClick={() => void progress.refetch()}>Try again</Button>}
            />
          )}
          {progress.data && (
            <NextStepView project={project} progress={progress.data} cycleActive={active !== undefined} />
          )}
        </div>
      </div>
      <div className={styles.body}>
        {active && <LiveCycle project={project} cycle={active} />}
        {progress.data?.pool_size === 0 && <WayThrough />}
        {progress.data && progress.data.pool_size > 0 && (
          <div className={styles.columns}>
            <div className={styles.learning}>
              <LearningCurveSection slug={project.slug} readyCycles={ready.length} />
              {advice && <StoppingAdvice advice={advice} />}
            </div>
            <LabelProgress progress={progress.data} />
          </div>
        )}
        {serving && progress.data && (
          <ModelQuality project={project} cycle={serving} progress={progress.data} />
        )}
        {ended.length > 0 && (
          <Section
            title="Cycles"
            actions={
              <Link to={`/projects/${project.slug}/cycles`}>All {formatPlural(ended.length, 'cycle')}</Link>
            }
          >
            <CycleTable slug={project.slug} cycles={ended.slice(0, CYCLES_SHOWN)} />
          </Section>
        )}
      </div>
    </>
  )
}

/** `612 particles of 28³ voxels at 13.5 Å/voxel, 6 classes`. */
function describe(project: Project, poolSize: number | undefined): string {
  const classes = formatPlural(project.classes.length, 'class', 'classes')
  if (!poolSize) return classes
  const box = project.box_size === null ? '' : ` of ${project.box_size}³ voxels`
  const voxel =
    project.voxel_size_angstrom === null ? '' : ` at ${formatVoxelSize(project.voxel_size_angstrom)}`
  return `${formatPlural(poolSize, 'particle')}${box}${voxel}, ${classes}`
}
