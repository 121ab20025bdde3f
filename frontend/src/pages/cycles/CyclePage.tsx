import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link, useParams } from 'react-router'
import { ApiProblem } from '../../api/problem'
import { catalogueQuery, cycleQuery, cyclesQuery } from '../../api/queries'
import type { Cycle, Project } from '../../api/types'
import { NotFoundPage } from '../../app/NotFoundPage'
import { Page } from '../../app/Page'
import { allows, useProject } from '../../app/projectContext'
import { Badge } from '../../design/Badge'
import { Button, ButtonLink } from '../../design/Button'
import { Disclosure } from '../../design/Disclosure'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Prose } from '../../design/Prose'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { Stepper } from '../../design/Stepper'
import { formatCount } from '../../format/numbers'
import { formatDateTime, formatDuration, secondsBetween } from '../../format/time'
import { acquisitionOf, acquisitionTitle } from './acquisitionTitle'
import { CycleMetricsView } from './CycleMetricsView'
import styles from './CyclePage.module.css'
import { compareAddress } from './compare/address'
import { JobLog } from './JobLog'
import { LaunchButton } from './LaunchButton'
import { LineageSection } from './LineageSection'
import { LiveCycle } from './LiveCycle'
import { ServeButton } from './ServeButton'
import { describeWork, isActive, startedBy, stateOf, stepsOf } from './stages'

const PuritySection = lazy(() => import('./quality/PuritySection'))
const LabelErrorsSection = lazy(() => import('./quality/LabelErrorsSection'))

/** One cycle: where it is or what it reached, what it was told to do, and its log. */
export default function CyclePage() {
  const project = useProject()
  const { number = '' } = useParams()
  const valid = /^[1-9]\d{0,8}$/.test(number)
  const cycle = useQuery({ ...cycleQuery(project.slug, Number(number)), enabled: valid })

  if (!valid || (cycle.error instanceof ApiProblem && cycle.error.status === 404)) {
    return <NotFoundPage title="No such cycle">This project has no cycle of that number.</NotFoundPage>
  }
  return (
    <Page
      title={`Cycle ${number}`}
      windowTitle={`Cycle ${number} of ${project.name}`}
      sub={<Link to={`/projects/${project.slug}/cycles`}>All cycles</Link>}
      actions={cycle.data?.stage === 'ready' && <Actions project={project} cycle={cycle.data} />}
    >
      {cycle.isPending && <Skeleton label="Loading the cycle" lines={6} />}
      {cycle.isError && (
        <ErrorNotice
          error={cycle.error}
          actions={<Button onClick={() => void cycle.refetch()}>Try again</Button>}
        />
      )}
      {cycle.data && <CycleView project={project} cycle={cycle.data} />}
    </Page>
  )
}

function Actions({ project, cycle }: { project: Project; cycle: Cycle }) {
  const { data: cycles } = useQuery(cyclesQuery(project.slug))
  const withModel = cycles?.items.filter(({ stage, model_id: model }) => stage === 'ready' && model !== null)
  const other =
    withModel?.find(({ number }) => number < cycle.number) ??
    withModel?.find(({ number }) => number !== cycle.number)
  const isCurator = allows(project.role, 'curator')
  const isNewest = withModel === undefined || withModel[0]?.number === cycle.number
  return (
    <div className={styles.actions}>
      {isCurator && cycle.model_id !== null && other && (
        <ButtonLink to={compareAddress(project.slug, other.number, cycle.number)}>
          Compare with cycle {other.number}
        </ButtonLink>
      )}
      {isCurator && cycle.model_id !== null && !cycle.serves && withModel && (
        <ServeButton slug={project.slug} cycle={cycle.number} isNewest={isNewest} />
      )}
      {allows(project.role, 'annotator') && (
        <ButtonLink kind="primary" icon="label" to={`/projects/${project.slug}/label`}>
          {isNewest ? 'Label its picks' : 'Label particles'}
        </ButtonLink>
      )}
    </div>
  )
}

function CycleView({ project, cycle }: { project: Project; cycle: Cycle }) {
  return (
    <div className={styles.parts}>
      {isActive(cycle) ? (
        <LiveCycle project={project} cycle={cycle} title="Under way" />
      ) : (
        <div className={styles.state}>
          <Badge tone={stateOf(cycle).tone}>{stateOf(cycle).title}</Badge>
          {cycle.serves && <Badge>Its model is in use</Badge>}
          <Stepper label="Stages" steps={stepsOf(cycle)} />
          {cycle.stage !== 'ready' && <p>{describeWork(cycle)}</p>}
        </div>
      )}
      {cycle.job.problem && (
        <Notice
          tone="bad"
          title={cycle.job.problem.title}
          actions={allows(project.role, 'curator') && !isActive(cycle) && <LaunchButton project={project} />}
        >
          <Prose text={cycle.job.problem.detail} />
        </Notice>
      )}
      {cycle.metrics && <CycleMetricsView slug={project.slug} metrics={cycle.metrics} />}
      {cycle.model_id !== null && cycle.stage === 'ready' && allows(project.role, 'curator') && (
        <Suspense fallback={<Skeleton label="Loading more" lines={4} />}>
          <PuritySection slug={project.slug} cycle={cycle.number} />
          {cycle.metrics?.label_errors && (
            <LabelErrorsSection project={project} cycle={cycle.number} counts={cycle.metrics.label_errors} />
          )}
        </Suspense>
      )}
      <Section title="How it was run">
        <RunFacts cycle={cycle} />
      </Section>
      {cycle.stage === 'ready' && <LineageSection slug={project.slug} cycle={cycle.number} />}
      {!isActive(cycle) && cycle.job.log.length > 0 && (
        <Disclosure summary="Log" open={cycle.stage === 'failed'}>
          <JobLog label={`Log of cycle ${cycle.number}`} lines={cycle.job.log} />
        </Disclosure>
      )}
    </div>
  )
}

function RunFacts({ cycle }: { cycle: Cycle }) {
  const { data: catalogue } = useQuery(catalogueQuery)
  const acquisition = acquisitionOf(cycle)
  const preset = cycle.settings['preset']
  const facts: [string, string][] = [
    ['Started', formatDateTime(cycle.created_at)],
    ...(startedBy(cycle) === null ? [] : [['Why', startedBy(cycle)!] as [string, string]]),
    [
      'Took',
      cycle.finished_at === null
        ? 'still under way'
        : formatDuration(secondsBetween(cycle.created_at, cycle.finished_at)),
    ],
  ]
  if (cycle.training_label_count !== null)
    facts.push(['Labels learned from', formatCount(cycle.training_label_count)])
  if (cycle.evaluation_label_count !== null)
    facts.push(['Evaluation labels', formatCount(cycle.evaluation_label_count)])
  if (acquisition !== null) facts.push(['Particles picked by', acquisitionTitle(acquisition, catalogue)])
  if (typeof cycle.settings['batch_size'] === 'number') {
    facts.push(['Particles picked', formatCount(cycle.settings['batch_size'])])
  }
  if (typeof preset === 'string') {
    facts.push(['Training', catalogue?.presets.find((entry) => entry.id === preset)?.title ?? preset])
  }
  return (
    <dl className={styles.settings}>
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
