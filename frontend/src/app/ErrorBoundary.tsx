import { Component, type ErrorInfo, type ReactNode } from 'react'
import { Button } from '../design/Button'
import { Notice } from '../design/Notice'
import styles from './ErrorBoundary.module.css'

/** How Chromium, Firefox and Safari say that a part of the interface did not arrive. */
const MISSING_PART = /dynamically imported module|Importing a module script failed/i

/** A defect in one page must not take the whole interface with it. A new `resetKey` (another page) clears it. */
export class ErrorBoundary extends Component<
  { children: ReactNode; resetKey?: string },
  { error: Error | null }
> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override componentDidUpdate(before: { resetKey?: string }): void {
    if (this.state.error !== null && before.resetKey !== this.props.resetKey) this.setState({ error: null })
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack)
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    const missingPart = MISSING_PART.test(error.message)
    return (
      <div className={styles.place}>
        <Notice
          tone="bad"
          title={missingPart ? 'This page could not be loaded' : 'This page failed'}
          actions={<Button onClick={() => window.location.reload()}>Reload the page</Button>}
        >
          {missingPart
            ? 'Tomosift was updated, or the connection was cut. Your decisions are safe: reload to go on.'
            : `Your decisions are safe. Reload to go on; if it fails again, report this text: ${error.message}`}
        </Notice>
      </div>
    )
  }
}
