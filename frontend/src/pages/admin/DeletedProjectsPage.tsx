import { useQuery } from '@tanstack/react-query'
import { useEndProject } from '../../api/projectSettings'
import { explain } from '../../api/problem'
import { projectsQuery } from '../../api/queries'
import type { ProjectSummary } from '../../api/types'
import { Button } from '../../design/Button'
import { EmptyState } from '../../design/EmptyState'
import { ErrorNotice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { Table } from '../../design/Table'
import { showToast } from '../../design/Toast'
import { formatCount } from '../../format/numbers'
import { formatDateTime } from '../../format/time'
import { AdminFrame } from './AdminFrame'

/** Projects that were deleted and can still be restored. */
export default function DeletedProjectsPage() {
  const projects = useQuery(projectsQuery)
  const deleted = projects.data?.items.filter(({ delete_after }) => delete_after !== null) ?? []
  return (
    <AdminFrame title="Deleted projects">
      {projects.isPending && <Skeleton label="Loading the projects" lines={3} />}
      {projects.error && (
        <ErrorNotice
          error={projects.error}
          actions={<Button onClick={() => void projects.refetch()}>Try again</Button>}
        />
      )}
      {projects.data &&
        (deleted.length === 0 ? (
          <EmptyState title="No deleted project">
            A project that an owner deletes stays here for a while, with everything in it, and can be
            restored.
          </EmptyState>
        ) : (
          <Table
            caption="Deleted projects"
            columns={[
              { title: 'Project', cell: ({ name }) => name },
              { title: 'Particles', numeric: true, cell: ({ pool_size }) => formatCount(pool_size) },
              { title: 'Labeled', numeric: true, cell: ({ labeled_count }) => formatCount(labeled_count) },
              {
                title: 'Gone for good after',
                cell: ({ delete_after }) => delete_after !== null && formatDateTime(delete_after),
              },
              { title: 'Change', cell: (project) => <Restore project={project} /> },
            ]}
            rows={deleted}
            rowKey={({ id }) => id}
          />
        ))}
    </AdminFrame>
  )
}

function Restore({ project }: { project: ProjectSummary }) {
  const end = useEndProject(project.slug)
  return (
    <Button
      size="small"
      icon="undo"
      disabled={end.isPending}
      aria-label={`Restore ${project.name}`}
      onClick={() =>
        end.mutate('restore', {
          onSuccess: () => showToast(`${project.name} is back, with everything in it.`),
          onError: (error) => showToast(explain(error).detail, 'bad'),
        })
      }
    >
      Restore
    </Button>
  )
}
