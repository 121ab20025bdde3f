import type { ReactNode } from 'react'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { ErrorNotice } from './Notice'

/** Asks once more before something is taken away; says what that means. */
export function ConfirmDialog({
  title,
  action,
  undoes = false,
  busy,
  error,
  onConfirm,
  onClose,
  children,
}: {
  title: string
  /** The verb on the button. */
  action: string
  /** It brings back how things were, and can itself be done over. */
  undoes?: boolean
  busy: boolean
  error: Error | null
  onConfirm: () => void
  onClose: () => void
  children: ReactNode
}) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind={undoes ? 'primary' : 'danger'}
            {...(undoes && { icon: 'undo' as const })}
            disabled={busy}
            onClick={onConfirm}
          >
            {action}
          </Button>
        </>
      }
    >
      <p>{children}</p>
      {error && <ErrorNotice error={error} />}
    </Dialog>
  )
}
