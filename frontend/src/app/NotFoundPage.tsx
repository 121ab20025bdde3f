import { ButtonLink } from '../design/Button'
import { Page } from './Page'

export function NotFoundPage({
  title = 'Nothing here',
  children = 'This address leads nowhere. It may have been mistyped, or what it named was removed.',
}: {
  title?: string
  children?: string
}) {
  return (
    <Page title={title} sub={children}>
      <div>
        <ButtonLink kind="primary" to="/">
          All projects
        </ButtonLink>
      </div>
    </Page>
  )
}
