import { useEndProject } from '../../api/projectSettings'
import type { Project } from '../../api/types'
import { Page } from '../../app/Page'
import { Button } from '../../design/Button'
import { ErrorNotice, Notice } from '../../design/Notice'
import { showToast } from '../../design/Toast'
import { formatDateTime } from '../../format/time'

/** In the place of a project that was deleted: until when it can be restored. */
export default function DeletedProjectPage({ project }: { project: Project }) {
  const end = useEndProject(project.slug)
  return (
    <Page title={project.name}>
      <Notice
        tone="warn"
        title="This project is deleted"
        actions={
          <Button
            kind="primary"
            icon="undo"
            disabled={end.isPending}
            onClick={() =>
              end.mutate('restore', {
                onSuccess: () => showToast(`${project.name} is back, with everything in it.`),
              })
            }
          >
            {end.isPending ? 'Restoring…' : 'Restore the project'}
          </Button>
        }
      >
        Only its owners still see it. Everything in it is kept until{' '}
        {project.delete_after !== null && formatDateTime(project.delete_after)}; then it is gone for good.
      </Notice>
      {end.error && <ErrorNotice error={end.error} />}
    </Page>
  )
}
