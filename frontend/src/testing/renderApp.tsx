import { type RenderResult, render } from '@testing-library/react'
import userEvent, { type UserEvent } from '@testing-library/user-event'
import { StrictMode } from 'react'
import { createQueryClient } from '../api/queryClient'
import { App } from '../app/App'
import { type Answer, demoAnswers, StubService } from './service'

/** The whole interface at `path`, in front of a service that gives the demo project's answers with `changes`. */
export function renderApp(
  path: string,
  changes: Record<string, Answer> = {},
): RenderResult & { service: StubService; user: UserEvent } {
  const service = new StubService(demoAnswers(changes))
  window.history.replaceState(null, '', path)
  const queryClient = createQueryClient()
  queryClient.setDefaultOptions({ queries: { ...queryClient.getDefaultOptions().queries, retryDelay: 1 } })
  const result = render(
    <StrictMode>
      <App queryClient={queryClient} />
    </StrictMode>,
  )
  return { ...result, service, user: userEvent.setup() }
}
