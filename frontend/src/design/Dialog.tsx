import { type FormEvent, type ReactNode, useEffect, useId, useRef } from 'react'
import { IconButton } from './Button'
import { classNames } from './classNames'
import styles from './Dialog.module.css'

/**
 * A modal window on the browser's own <dialog>: focus stays inside, Escape closes, focus returns afterwards.
 * Mount it to open it. Without `onClose` it cannot be dismissed. With `onSubmit` its content is a form.
 */
export function Dialog({
  title,
  children,
  footer,
  onClose,
  onSubmit,
  wide = false,
  isText = false,
}: {
  title: string
  children: ReactNode
  footer?: ReactNode
  onClose?: () => void
  onSubmit?: () => void
  wide?: boolean
  /** Nothing in it takes the focus: the text itself does, so that the keyboard can scroll it. */
  isText?: boolean
}) {
  const ref = useRef<HTMLDialogElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const titleId = useId()
  useEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    // The browser would focus the close button; one begins to read at the title.
    heading.current?.focus()
    return () => dialog?.close()
  }, [])

  // Browsers let a second Escape close any dialog, also one that must stay.
  const closed = () => {
    if (ref.current === null || ref.current.open) return
    if (onClose) onClose()
    else ref.current.showModal()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit?.()
  }
  const content = (
    <>
      <div
        className={styles.body}
        {...(isText && { tabIndex: 0, role: 'region', 'aria-labelledby': titleId })}
      >
        {children}
      </div>
      {footer && <div className={styles.foot}>{footer}</div>}
    </>
  )
  return (
    <dialog
      ref={ref}
      className={classNames(styles.dialog, wide && styles.wide)}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose?.()
      }}
      onClose={closed}
      // Digits and letters typed here belong to the dialog, not to the page's shortcuts.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className={styles.head}>
        <h2 id={titleId} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {onClose && <IconButton icon="close" label="Close" size="small" onClick={onClose} />}
      </div>
      {onSubmit ? (
        <form className={styles.form} onSubmit={submit} noValidate>
          {content}
        </form>
      ) : (
        content
      )}
    </dialog>
  )
}
