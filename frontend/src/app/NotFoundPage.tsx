import { ButtonLink } from '../design/Button'
import { EmptyState } from '../design/EmptyState'
import { Page } from './Page'

export function NotFoundPage({
  title = 'Nothing here',
  children = 'This address leads nowhere. It may have been mistyped, or what it named was removed.',
}: {
  title?: string
  children?: string
}) {
  return (
    <Page title={title}>
      <EmptyState
        title="Where to go from here"
        actions={
          <ButtonLink kind="primary" to="/">
            All projects
          </ButtonLink>
        }
      >
        {children}
      </EmptyState>
    </Page>
  )
}
