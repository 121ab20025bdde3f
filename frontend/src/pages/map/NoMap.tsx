import { useQuery } from '@tanstack/react-query'
import { progressQuery } from '../../api/queries'
import type { Cycle, Project } from '../../api/types'
import { ButtonLink } from '../../design/Button'
import { EmptyState } from '../../design/EmptyState'
import { isActive } from '../cycles/stages'
import { NextStepActions } from '../overview/NextStepView'

/** Before there is a map: what it will be, and what to do until then. */
export function NoMap({ project, cycles }: { project: Project; cycles: readonly Cycle[] }) {
  const progress = useQuery(progressQuery(project.slug)).data
  const newest = cycles.find(({ stage }) => stage === 'ready')
  if (newest !== undefined) {
    return (
      <EmptyState
        title={`Cycle ${newest.number} has made no map`}
        actions={
          <ButtonLink to={`/projects/${project.slug}/cycles/${newest.number}`}>Open the cycle</ButtonLink>
        }
      >
        Its settings went without one, or its log says what went wrong. The map comes with the next cycle
        whose settings ask for it.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title="The map comes with the first cycle"
      actions={
        progress && (
          <NextStepActions project={project} progress={progress} cycleActive={cycles.some(isActive)} />
        )
      }
    >
      <p>
        A cycle looks at every particle. The map then puts those that look alike next to each other, so that
        you can outline a group and label it at once.
      </p>
      {progress && <p>{progress.next_step.text}</p>}
    </EmptyState>
  )
}
