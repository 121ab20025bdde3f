import { useState } from 'react'
import { useCancelCycle } from '../../api/actions'
import type { Cycle } from '../../api/types'
import { Button } from '../../design/Button'
import { Dialog } from '../../design/Dialog'
import { ErrorNotice } from '../../design/Notice'

/** Cancel a cycle under way, after asking. */
export function CancelCycleButton({ slug, cycle }: { slug: string; cycle: Cycle }) {
  const [asking, setAsking] = useState(false)
  const cancel = useCancelCycle(slug)
  return (
    <>
      <Button size="small" icon="stop" disabled={cancel.isSuccess} onClick={() => setAsking(true)}>
        {cancel.isSuccess ? 'Cancelling…' : 'Cancel'}
      </Button>
      {asking && (
        <Dialog
          title={`Cancel cycle ${cycle.number}?`}
          onClose={() => setAsking(false)}
          footer={
            <>
              <Button onClick={() => setAsking(false)}>Let it run</Button>
              <Button
                kind="danger"
                disabled={cancel.isPending}
                onClick={() => cancel.mutate(cycle.number, { onSuccess: () => setAsking(false) })}
              >
                Cancel the cycle
              </Button>
            </>
          }
        >
          <p>
            What this cycle has learned so far is thrown away. Your labels and the labeling queue stay as they
            are.
          </p>
          {cancel.error && <ErrorNotice error={cancel.error} />}
        </Dialog>
      )}
    </>
  )
}
