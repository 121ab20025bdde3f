import { Component, type ErrorInfo, type ReactNode } from 'react'
import { Button } from '../design/Button'
import { Notice } from '../design/Notice'
import styles from './ErrorBoundary.module.css'

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
    return (
      <div className={styles.place}>
        <Notice
          tone="bad"
          title="This page failed"
          actions={<Button onClick={() => window.location.reload()}>Reload the page</Button>}
        >
          Your decisions are safe. Reload to go on; if it fails again, report this text: {error.message}
        </Notice>
      </div>
    )
  }
}
