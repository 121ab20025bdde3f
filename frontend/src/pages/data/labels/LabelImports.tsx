import { useState } from 'react'
import { useTakeLabelsBack } from '../../../api/labelImports'
import type { Job, Project } from '../../../api/types'
import { Button } from '../../../design/Button'
import { ConfirmDialog } from '../../../design/ConfirmDialog'
import { type Column, Table } from '../../../design/Table'
import { TimeAgo } from '../../../design/TimeAgo'
import { showToast } from '../../../design/Toast'
import { describeOutcome } from './labelForm'

/** The label imports that have succeeded, each to be taken back whole. */
export function LabelImports({ project, jobs }: { project: Project; jobs: Job[] }) {
  const [asking, setAsking] = useState<Job | null>(null)
  const takeBack = useTakeLabelsBack(project.slug)
  const columns: Column<Job>[] = [
    { title: 'Import of labels', cell: (job) => describeOutcome(job) },
    { title: 'When', cell: ({ created_at }) => <TimeAgo iso={created_at} /> },
    {
      title: 'Change',
      cell: (job) =>
        job.result?.['as'] !== 'predictions' && (
          <Button size="small" icon="undo" onClick={() => setAsking(job)}>
            Take back…
          </Button>
        ),
    },
  ]
  if (jobs.length === 0) return null
  return (
    <>
      <Table caption="Imports of labels" columns={columns} rows={jobs} rowKey={({ id }) => id} />
      {asking && (
        <ConfirmDialog
          title="Take these labels back?"
          action="Take them back"
          undoes
          busy={takeBack.isPending}
          error={takeBack.error}
          onClose={() => setAsking(null)}
          onConfirm={() =>
            takeBack.mutate(asking.id, {
              onSuccess: () => {
                setAsking(null)
                showToast('The labels are being taken back.')
              },
            })
          }
        >
          {describeOutcome(asking)} They count no more; what people decided stays. The same file can be
          imported again.
        </ConfirmDialog>
      )}
    </>
  )
}
