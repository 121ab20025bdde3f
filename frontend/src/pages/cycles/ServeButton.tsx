import { useState } from 'react'
import { useChooseModel } from '../../api/cycleModels'
import { Button } from '../../design/Button'
import { Dialog } from '../../design/Dialog'
import { ErrorNotice } from '../../design/Notice'
import { showToast } from '../../design/Toast'

/** Puts the model of this cycle into use, after saying what that means. It can be taken back at any time. */
export function ServeButton({
  slug,
  cycle,
  isNewest,
}: {
  slug: string
  cycle: number
  /** Whether it is the newest model: then this goes forward again. */
  isNewest: boolean
}) {
  const [asking, setAsking] = useState(false)
  const choose = useChooseModel(slug)
  const title = isNewest ? `Use the newest model again` : `Go back to this model`
  const begin = () =>
    choose.mutate(cycle, {
      onSuccess: () => {
        setAsking(false)
        showToast(`The model of cycle ${cycle} is in use now.`)
      },
    })
  return (
    <>
      <Button onClick={() => setAsking(true)}>{title}</Button>
      {asking && (
        <Dialog
          title={`${title}?`}
          onClose={() => setAsking(false)}
          footer={
            <>
              <Button onClick={() => setAsking(false)}>Not now</Button>
              <Button kind="primary" disabled={choose.isPending} onClick={begin}>
                Use the model of cycle {cycle}
              </Button>
            </>
          }
        >
          <p>
            From now on the predictions in the gallery, suggestions and exports are those of cycle {cycle},
            and the next cycle goes on from it. Labels, the queue and all other models stay as they are: you
            can choose another model at any time. A cycle that becomes ready later takes over by itself.
          </p>
          {choose.error && <ErrorNotice error={choose.error} />}
        </Dialog>
      )}
    </>
  )
}
