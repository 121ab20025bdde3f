import { screen, waitFor, within } from '@testing-library/react'
import { useEffect } from 'react'
import { describe, expect, it, vi } from 'vitest'
import type { QueueOverview } from '../../api/types'
import * as fixtures from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal, type Answer } from '../../testing/service'
import type { ViewerStageProps } from '../../viewer/ViewerStage'

/** Says at once that the volume is drawn: the viewer has tests of its own. */
vi.mock('../../viewer/ViewerStage', () => ({
  default: function Drawn({ volume, onPainted }: ViewerStageProps) {
    useEffect(() => {
      if (volume !== null) onPainted(volume.id)
    }, [volume, onPainted])
    return null
  },
}))

const ADJUDICATE = (id: number) => `POST /projects/demo/review/subtomograms/${id}/adjudication`
const barrel = fixtures.project.classes[0]!

const volumeHeaders = {
  'X-Volume-Shape': '2,2,2',
  'X-Volume-Scale': '1',
  'X-Volume-Offset': '0',
  'X-Volume-Mean': '3.5',
  'X-Volume-Std': '2',
}

function answers(changes: Record<string, Answer> = {}): Record<string, Answer> {
  const volumes = [11, 12, 13].map((id) => [
    `GET /projects/demo/subtomograms/${id}/volume`,
    () => new Response(Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]), { headers: volumeHeaders }),
  ])
  return {
    ...Object.fromEntries(volumes),
    'GET /projects/demo/review/disputed': fixtures.disputes,
    'GET /projects/demo/review/agreement': fixtures.agreement,
    'GET /projects/demo/review/annotators': fixtures.annotators,
    'GET /projects/demo/queue': fixtures.queueOverview,
    'GET /projects/demo/leases': fixtures.leases,
    ...changes,
  }
}

/** Wait until this particle's volume has been drawn, so that it can be settled. */
async function shows(name: string): Promise<void> {
  await screen.findByText(new RegExp(`^${name}`))
  await waitFor(() =>
    expect(screen.getByRole('button', { name: /barrel/ }).getAttribute('aria-disabled')).toBe('false'),
  )
}

describe('disputes', () => {
  it('shows all opinions side by side, and settles by the keys of the label page', async () => {
    const { service, user } = renderApp(
      '/projects/demo/review',
      answers({ [ADJUDICATE(11)]: { event_id: 90, label: { kind: 'class', class_id: barrel.id } } }),
    )
    await shows('TS_01/000011')
    const said = within(screen.getByRole('region', { name: 'Opinions' })).getAllByRole('listitem')
    expect(said.map((card) => card.textContent)).toEqual([
      expect.stringMatching(/barrel.*Ada Lindqvist.*certain/),
      expect.stringMatching(/double ring.*Ben Okafor.*not very sure.*“Two rings, seen from above\?”/),
      expect.stringMatching(/Junk.*Chen Wei.*late/),
    ])
    await user.keyboard('ff')
    await user.keyboard('c')
    await user.keyboard('four rings{Enter}')
    await user.keyboard('1')
    await shows('TS_01/000012')
    expect(service.last(ADJUDICATE(11)).body).toEqual({
      kind: 'class',
      class_id: barrel.id,
      confidence: 2,
      comment: 'four rings',
    })
    expect(screen.getByText(/settled now/).textContent).toBe('1 settled now · 2 left')
  })

  it('takes an adjudication back', async () => {
    const { service, user } = renderApp(
      '/projects/demo/review',
      answers({
        [ADJUDICATE(11)]: { event_id: 90, label: { kind: 'junk', class_id: null } },
        'POST /projects/demo/decisions/90/undo': { event_id: 91, task: null },
      }),
    )
    await shows('TS_01/000011')
    await user.keyboard('j')
    await shows('TS_01/000012')
    await user.keyboard('z')
    await shows('TS_01/000011')
    expect(service.count('POST /projects/demo/decisions/90/undo')).toBe(1)
  })

  it('stays at the item and says why when the service refuses', async () => {
    const refusal = new Refusal(409, 'not-disputed', 'No dispute any more', 'Somebody has settled it.')
    const { user } = renderApp('/projects/demo/review', answers({ [ADJUDICATE(11)]: refusal }))
    await shows('TS_01/000011')
    await user.keyboard('u')
    expect(await screen.findByText('Somebody has settled it.')).toBeDefined()
    await shows('TS_01/000011')
  })

  it('goes on past what is skipped and offers it again at the end; a filter leaves one pair of answers', async () => {
    const { user } = renderApp('/projects/demo/review', answers())
    await shows('TS_01/000011')
    await user.selectOptions(screen.getByLabelText('Between'), 'Y / rod')
    await shows('TS_01/000012')
    await user.selectOptions(screen.getByLabelText('Between'), 'barrel / double ring')
    await shows('TS_01/000011')
    await user.keyboard('s')
    await shows('TS_01/000013')
    expect(screen.getByText('evaluation sample')).toBeDefined()
    await user.keyboard('s')
    await user.click(await screen.findByRole('button', { name: 'Look at them again' }))
    await shows('TS_01/000011')
  })
})

describe('agreement', () => {
  it('states kappa with its interval and what it rests on, by answer and by pair', async () => {
    renderApp('/projects/demo/review?part=agreement', answers())
    expect(await screen.findByText('0.80 to 0.93, n = 120')).toBeDefined()
    const junk = (await screen.findByRole('rowheader', { name: 'Junk' })).closest('tr')!
    expect(
      within(junk)
        .getAllByRole('cell')
        .map((cell) => cell.textContent),
    ).toEqual(['0.41', '−0.08 to 0.80', '7', '9'])
    const pairs = screen.getByRole('region', { name: 'Agreement by pair, table' })
    expect(
      within(pairs)
        .getAllByRole('cell')
        .map((cell) => cell.textContent),
    ).toEqual(expect.arrayContaining(['0.88n = 64', '0.74n = 41', 'none']))
    const ben = (await screen.findByRole('rowheader', { name: 'Ben Okafor' })).closest('tr')!
    expect(ben.textContent).toContain('78 %72–82 %, n = 9')
  })

  it('shows annotators their own statistics and nothing else of the review', async () => {
    const own = { ...fixtures.annotators, annotators: fixtures.annotators.annotators.slice(0, 1) }
    const { service } = renderApp(
      '/projects/demo/review?part=queue',
      answers({
        'GET /projects/demo': { ...fixtures.project, role: 'annotator' },
        'GET /projects/demo/review/annotators': own,
      }),
    )
    expect(await screen.findByRole('heading', { name: 'What you have done here' })).toBeDefined()
    expect(await screen.findByText('93 % of 70')).toBeDefined()
    expect(service.asked.some(({ key }) => /disputed|agreement|\/queue|\/leases/.test(key))).toBe(false)
  })
})

describe('the queue', () => {
  it('is paused and resumed, and what somebody holds is released', async () => {
    let overview: QueueOverview = fixtures.queueOverview
    const pause = (at: string | null) => () => {
      overview = { ...overview, paused_at: at }
      return null
    }
    const { service, user } = renderApp(
      '/projects/demo/review?part=queue',
      answers({
        'GET /projects/demo/queue': () => overview,
        'POST /projects/demo/queue/pause': pause(new Date().toISOString()),
        'POST /projects/demo/queue/resume': pause(null),
        'DELETE /projects/demo/leases/902': null,
        'POST /projects/demo/queue/questions': { added: 6, asked_already: 0 },
      }),
    )
    await user.click(await screen.findByRole('button', { name: 'Pause the queue' }))
    expect(await screen.findByText('The queue is paused')).toBeDefined()
    await user.click(screen.getByRole('button', { name: 'Resume the queue' }))
    await screen.findByRole('button', { name: 'Pause the queue' })
    await user.click(screen.getByRole('button', { name: 'Release TS_01/000902' }))
    await waitFor(() => expect(service.count('DELETE /projects/demo/leases/902')).toBe(1))
    await user.selectOptions(screen.getByLabelText('Share of the labeled'), '10 %')
    await user.click(screen.getByRole('button', { name: 'Ask again' }))
    expect(await screen.findByText('6 particles will be asked about again.')).toBeDefined()
    expect(service.last('POST /projects/demo/queue/questions').body).toEqual({
      work: 'recheck',
      labeled_share: 0.1,
    })
  })
})
