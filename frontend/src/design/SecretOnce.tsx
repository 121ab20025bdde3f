import { Button } from './Button'
import { CopyLine } from './CopyLine'
import { Dialog } from './Dialog'
import { Notice } from './Notice'
import styles from './SecretOnce.module.css'

/** A secret that is shown this one time, to be copied. */
export function SecretOnce({
  title,
  label,
  secret,
  hint,
  onClose,
}: {
  title: string
  /** What it is. */
  label: string
  secret: string
  /** What to do with it. */
  hint: string
  onClose: () => void
}) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={onClose}>
          Done, I have copied it
        </Button>
      }
    >
      <div className={styles.parts}>
        <p>{hint}</p>
        <CopyLine label={label} text={secret} />
        <Notice tone="warn">It is shown this once. Tomosift keeps no readable copy.</Notice>
      </div>
    </Dialog>
  )
}
