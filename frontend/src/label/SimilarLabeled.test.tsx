import { QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import { describe, expect, it, vi } from 'vitest'
import { createQueryClient } from '../api/queryClient'
import { project } from '../testing/fixtures'
import { StubService } from '../testing/service'
import type { Task, Work } from './api'
import type { LabelSession, PastDecision } from './LabelSession'
import { SimilarLabeled } from './SimilarLabeled'

const [barrel, rings] = project.classes as [(typeof project.classes)[0], (typeof project.classes)[0]]

const task = (id: number, work: Work = 'query'): Task => ({
  lease: { id, fencing_token: id },
  work,
  subtomogram: {
    id,
    name: `TS_01/${id}`,
    tomogram: null,
    source_row: id,
    box_size: 28,
    voxel_size_angstrom: 13.5,
    volume_url: `/v/${id}`,
  },
  pick: null,
})

const decided = (of: Task, answer: PastDecision['answer'] = 'accepted'): PastDecision => ({
  key: 'k',
  durationMs: 900,
  task: of,
  choice: { kind: 'class', particleClass: barrel },
  notes: { confidence: null, comment: '' },
  answer,
})

const like = (id: number, classId: string) => ({
  id,
  name: `TS_02/${id}`,
  volume_url: `/v/${id}`,
  similarity: 0.9,
  label: { kind: 'class', class_id: classId },
})

const LIKE = {
  cycle_number: 3,
  labels_withheld: null,
  items: [],
  labeled: [like(5, barrel.id), like(6, barrel.id), like(7, rings.id)],
}

function show(
  suggestions: 'after-deciding' | 'always' | 'never',
  history: PastDecision[],
  work: Work = 'query',
) {
  const service = new StubService({
    'GET /projects/demo/subtomograms/1/similar': LIKE,
    'GET /projects/demo/subtomograms/2/similar': LIKE,
  })
  const session = { onSuggestion: vi.fn() }
  render(
    <QueryClientProvider client={createQueryClient()}>
      <SimilarLabeled
        project={{ ...project, settings: { ...project.settings, suggestions } }}
        session={session as unknown as LabelSession}
        task={task(2, work)}
        history={history}
      />
    </QueryClientProvider>,
  )
  return { service, session }
}

const asked = ({ asked: all }: StubService) =>
  all.map(({ key }) => key).filter((key) => key.endsWith('similar'))

describe('the most similar labeled particles', () => {
  it('are those of the last decision, with their labels', async () => {
    const { service, session } = show('after-deciding', [decided(task(1))])
    await screen.findByText('Most like the last one (barrel), 2 of 3 have the same label')
    expect(screen.getByRole('img', { name: 'TS_02/7, labeled double ring' })).toBeTruthy()
    expect(asked(service)).toEqual(['GET /projects/demo/subtomograms/1/similar'])
    expect(session.onSuggestion).toHaveBeenCalledWith(1)
  })

  it('are those of the item on screen where the project always shows suggestions', async () => {
    const { service, session } = show('always', [])
    await screen.findByText('Most similar of the labeled')
    expect(asked(service)).toEqual(['GET /projects/demo/subtomograms/2/similar'])
    await waitFor(() => expect(session.onSuggestion).toHaveBeenCalledWith(2))
  })

  it.each([
    ['of what is decided blind', 'always', [], 'evaluation'],
    [
      'of a decision about the evaluation sample',
      'after-deciding',
      [decided(task(1, 'evaluation'))],
      'query',
    ],
    ['of a decision that is not stored yet', 'after-deciding', [decided(task(1), 'pending')], 'query'],
    ['where the project wants none', 'never', [decided(task(1))], 'query'],
  ] as const)('are not asked for %s', async (_, suggestions, history, work) => {
    vi.useFakeTimers()
    const { service } = show(suggestions, [...history], work)
    await vi.advanceTimersByTimeAsync(5000)
    vi.useRealTimers()
    expect(asked(service)).toEqual([])
  })
})
