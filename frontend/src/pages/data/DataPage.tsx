import { useQuery } from '@tanstack/react-query'
import { jobsQuery, sourcesQuery } from '../../api/queries'
import type { Job } from '../../api/types'
import { Page } from '../../app/Page'
import { allows, useProject } from '../../app/projectContext'
import { Button } from '../../design/Button'
import { Disclosure } from '../../design/Disclosure'
import { EmptyState } from '../../design/EmptyState'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { formatPlural } from '../../format/numbers'
import { BringData } from './bring/BringData'
import styles from './DataPage.module.css'
import { ImportJob } from './ImportJob'
import { isUnderWay } from './jobState'
import { BringLabels } from './labels/BringLabels'
import { LabelImports } from './labels/LabelImports'
import { SourceTable } from './SourceTable'

/** Events tell of progress at once; this catches those lost on the way. */
const REFRESH_MS = 5000

/** How long a success stays in sight; a failure stays until something else is imported. */
const NEWS_MS = 60 * 60_000

function isNews(job: Job): boolean {
  if (job.state === 'failed') return true
  return job.state === 'succeeded' && Date.now() - Date.parse(job.finished_at ?? job.created_at) < NEWS_MS
}

/** Simulating the demo's particles is shown until their import begins. */
function isImport(job: Job): boolean {
  return job.kind === 'import' || (job.kind === 'demo' && job.state !== 'succeeded')
}

/** What the pool is made of, and how to bring more. */
export default function DataPage() {
  const project = useProject()
  const sources = useQuery(sourcesQuery(project.slug))
  const jobs = useQuery({
    ...jobsQuery(project.slug),
    refetchInterval: (query) => (query.state.data?.items.some(isUnderWay) ? REFRESH_MS : false),
  })
  const imports = jobs.data?.items.filter(isImport) ?? []
  const labelImports =
    jobs.data?.items.filter(({ kind, state }) => kind === 'label-import' && state === 'succeeded') ?? []
  // The newest one is told of at length while it matters; what is older is history.
  const shown = imports.filter((job, index) => isUnderWay(job) || (index === 0 && isNews(job)))
  const failedBefore = imports.filter((job) => job.state === 'failed' && !shown.includes(job))
  const error = sources.error ?? jobs.error
  return (
    <Page title="Data" windowTitle={`Data of ${project.name}`} sub="What this project’s pool is made of.">
      <div className={styles.parts}>
        {error && (
          <ErrorNotice
            error={error}
            actions={
              <Button onClick={() => void Promise.all([sources.refetch(), jobs.refetch()])}>Try again</Button>
            }
          />
        )}
        {shown.length > 0 && (
          <Section title="Imports">
            <ul className={styles.jobs}>
              {shown.map((job) => (
                <ImportJob key={job.id} project={project} job={job} />
              ))}
            </ul>
          </Section>
        )}
        {sources.isPending && <Skeleton label="Loading particle lists" lines={5} />}
        {sources.data &&
          (sources.data.items.length > 0 ? (
            <Section title="Particle lists">
              <SourceTable sources={sources.data.items} />
            </Section>
          ) : (
            <EmptyState title="Nothing imported yet">
              Bring a particle list and its subtomograms; the pool fills as soon as the whole list has been
              checked.
            </EmptyState>
          ))}
        {allows(project.role, 'curator') && (
          <Section title="Bring your data" intro="Nothing is written before you have seen what was found.">
            <BringData project={project} onStarted={() => window.scrollTo({ top: 0, behavior: 'smooth' })} />
          </Section>
        )}
        {allows(project.role, 'curator') && sources.data && sources.data.items.length > 0 && (
          <Section
            title="Labels that exist already"
            intro="Classes from another program, for particles that are in the pool."
          >
            <div className={styles.labels}>
              <LabelImports project={project} jobs={labelImports} />
              <Disclosure summary="Import labels" lazy>
                <BringLabels project={project} sources={sources.data.items} />
              </Disclosure>
            </div>
          </Section>
        )}
        {failedBefore.length > 0 && (
          <Disclosure summary={`${formatPlural(failedBefore.length, 'earlier import')} failed`}>
            <ul className={styles.jobs}>
              {failedBefore.map((job) => (
                <ImportJob key={job.id} project={project} job={job} />
              ))}
            </ul>
          </Disclosure>
        )}
      </div>
    </Page>
  )
}
