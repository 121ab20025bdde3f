/** A button of the view's bar; pressed or not where it switches something. */
import type { ReactElement, ReactNode } from 'react'
import styles from './ToolButton.module.css'

export function ToolButton(props: {
  readonly title: string
  readonly pressed?: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}): ReactElement {
  return (
    <button
      type="button"
      className={styles.tool}
      title={props.title}
      aria-pressed={props.pressed}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  )
}

export function ToolIcon({ path, label }: { readonly path: string; readonly label: string }): ReactElement {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" role="img" aria-label={label}>
      <path d={path} fill="currentColor" />
    </svg>
  )
}
