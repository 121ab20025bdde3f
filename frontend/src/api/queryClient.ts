import { QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './problem'

/** The cache of everything read. Answers with a problem are final; a missing answer is asked for again. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 20_000,
        retry: (failures, error) => !(error instanceof ApiProblem && error.status < 500) && failures < 3,
        retryDelay: (failures) => Math.min(8000, 700 * 2 ** failures),
        networkMode: 'always', // a lab's service on loopback answers without any network
      },
      mutations: { networkMode: 'always' },
    },
  })
}
