import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { projectsQuery } from '../../api/queries'
import type { ProjectSummary, Role } from '../../api/types'
import { Page } from '../../app/Page'
import { Button } from '../../design/Button'
import { Meter } from '../../design/Meter'
import { ErrorNotice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { TimeAgo } from '../../design/TimeAgo'
import { formatCount, share } from '../../format/numbers'
import { formatDateTime } from '../../format/time'
import { FirstVisit } from './FirstVisit'
import { NewProjectDialog } from './NewProjectDialog'
import styles from './ProjectsPage.module.css'

const ROLE_TEXT: Record<Role, string> = {
  owner: 'You own it',
  curator: 'You curate it',
  annotator: 'You label in it',
  viewer: 'You can look',
}

export function ProjectsPage() {
  const projects = useQuery(projectsQuery)
  const [creating, setCreating] = useState(false)
  const newProject = (
    <Button icon="plus" onClick={() => setCreating(true)}>
      New project
    </Button>
  )
  return (
    <Page title="Projects" actions={projects.data?.items.length ? newProject : undefined}>
      {projects.isPending && <Skeleton label="Loading projects" lines={6} />}
      {projects.isError && (
        <ErrorNotice
          error={projects.error}
          actions={<Button onClick={() => void projects.refetch()}>Try again</Button>}
        />
      )}
      {projects.data &&
        (projects.data.items.length === 0 ? (
          <FirstVisit onBringData={() => setCreating(true)} />
        ) : (
          <ul className={styles.list}>
            {projects.data.items.map((project) => (
              <ProjectRow key={project.id} project={project} />
            ))}
          </ul>
        ))}
      {creating && <NewProjectDialog onClose={() => setCreating(false)} />}
    </Page>
  )
}

function ProjectRow({ project }: { project: ProjectSummary }) {
  const { pool_size: pool, labeled_count: labeled } = project
  return (
    <li className={styles.item}>
      <div>
        <h2 className={styles.name}>
          <Link to={`/projects/${project.slug}`}>{project.name}</Link>
        </h2>
        <p className={styles.about}>{project.description || ROLE_TEXT[project.role]}</p>
      </div>
      <div className={styles.meta}>
        {pool === 0 ? (
          <span>Nothing imported yet</span>
        ) : (
          <>
            <span>
              <strong>{formatCount(labeled)}</strong> of {formatCount(pool)} particles labeled
            </span>
            <Meter label={`Labeled in ${project.name}`} value={share(labeled, pool) ?? 0} />
          </>
        )}
        <span>
          Created <TimeAgo iso={project.created_at} />
          {project.delete_after !== null &&
            ` · deleted, can be restored until ${formatDateTime(project.delete_after)}`}
          {project.description && ` · ${ROLE_TEXT[project.role].toLowerCase()}`}
        </span>
      </div>
    </li>
  )
}
