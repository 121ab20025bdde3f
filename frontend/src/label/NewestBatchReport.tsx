/** The report on the newest batch, with what it takes from the service. */
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { catalogueQuery } from '../api/queries'
import type { Cycle } from '../api/types'
import { Dialog } from '../design/Dialog'
import type { QueueState } from './api'
import { batchLearned } from './batchLearned'
import { BatchReport } from './BatchReport'

interface NewestBatchReportProps {
  readonly cycles: readonly Cycle[]
  /** The cycle that chose the batch; null before one has. */
  readonly number: number | null
  readonly counts: QueueState | null
}

export function NewestBatchReport({ cycles, number, counts }: NewestBatchReportProps): ReactElement {
  const learned = number === null ? null : batchLearned(cycles, number)
  const catalogue = useQuery({ ...catalogueQuery, enabled: learned !== null })
  if (learned === null) return <p>Reading what it learned…</p>
  return <BatchReport learned={learned} counts={counts} catalogue={catalogue.data} />
}

export function BatchReportDialog(
  props: NewestBatchReportProps & { readonly onClose: () => void },
): ReactElement {
  const { onClose, ...report } = props
  return (
    <Dialog title={`What cycle ${report.number ?? ''} learned`} onClose={onClose} wide>
      <NewestBatchReport {...report} />
    </Dialog>
  )
}
