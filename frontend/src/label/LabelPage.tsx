/** Where a person labels: who may, and the sitting. The desk itself is in `LabelDesk`. */
import type { ReactElement } from 'react'
import { ButtonLink } from '../design/Button'
import { EmptyState } from '../design/EmptyState'
import type { Project, User } from './api'
import { LabelDesk } from './LabelDesk'
import styles from './LabelPage.module.css'
import { useLabelSession } from './useLabelSession'

export interface LabelPageProps {
  readonly project: Project
  readonly user: User
}

export function LabelPage({ project, user }: LabelPageProps): ReactElement {
  const isAnnotator = project.role !== 'viewer'
  if (!isAnnotator || project.classes.length === 0) {
    return (
      <div className={styles.refusal}>
        <title>{`Label · ${project.name} · Tomosift`}</title>
        {isAnnotator ? (
          <EmptyState
            title="This project has no classes yet"
            actions={<ButtonLink to={`/projects/${project.slug}`}>To the project</ButtonLink>}
          >
            Give the kinds of particle you expect a name first; labeling then offers them as answers.
          </EmptyState>
        ) : (
          <EmptyState
            title="You can look, but not label here"
            actions={<ButtonLink to={`/projects/${project.slug}`}>To the project</ButtonLink>}
          >
            Your role in this project is viewer. Its owner can make you an annotator.
          </EmptyState>
        )}
      </div>
    )
  }
  return <LabelSitting key={`${project.slug}/${user.id}`} project={project} user={user} />
}

function LabelSitting({ project, user }: LabelPageProps): ReactElement {
  const session = useLabelSession(project.slug, user.id)
  if (session === null) {
    return (
      <div className={styles.refusal} role="status">
        Opening the label page…
      </div>
    )
  }
  return <LabelDesk project={project} user={user} session={session} />
}
