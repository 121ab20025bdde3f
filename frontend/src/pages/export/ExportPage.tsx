import { useQuery } from '@tanstack/react-query'
import { exportsQuery, jobsQuery, progressQuery } from '../../api/queries'
import { Page } from '../../app/Page'
import { allows, useProject } from '../../app/projectContext'
import { Button, ButtonLink } from '../../design/Button'
import { EmptyState } from '../../design/EmptyState'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { isUnderWay } from '../data/jobState'
import { ExportList } from './ExportList'
import styles from './ExportPage.module.css'
import { NewExport } from './NewExport'

const REFRESH_MS = 5000

/** Take particles out, for the next program. */
export default function ExportPage() {
  const project = useProject()
  const progress = useQuery(progressQuery(project.slug))
  const mayExport = allows(project.role, 'curator')
  const exports = useQuery({
    ...exportsQuery(project.slug),
    enabled: mayExport,
    refetchInterval: (query) => (query.state.data?.items.some(isUnderWay) ? REFRESH_MS : false),
  })
  const jobs = useQuery({ ...jobsQuery(project.slug), enabled: mayExport })
  return (
    <Page
      title="Export"
      windowTitle={`Export of ${project.name}`}
      sub="Take the particles you sorted to the next program."
    >
      {!mayExport ? (
        <EmptyState title="Exports are made by curators">
          Your role in this project is {project.role}. Its owner can make you a curator.
        </EmptyState>
      ) : progress.data?.pool_size === 0 ? (
        <EmptyState
          title="Nothing to export yet"
          actions={<ButtonLink to={`/projects/${project.slug}/data`}>Import particles</ButtonLink>}
        >
          Import a particle list first.
        </EmptyState>
      ) : (
        <div className={styles.parts}>
          {exports.error && (
            <ErrorNotice
              error={exports.error}
              actions={<Button onClick={() => void exports.refetch()}>Try again</Button>}
            />
          )}
          {exports.data && exports.data.items.length > 0 && (
            <Section title="Exports">
              <ExportList project={project} exports={exports.data.items} jobs={jobs.data?.items ?? []} />
            </Section>
          )}
          <NewExport project={project} onStarted={() => window.scrollTo({ top: 0, behavior: 'smooth' })} />
        </div>
      )}
    </Page>
  )
}
