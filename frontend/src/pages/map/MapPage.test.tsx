import { fireEvent, screen, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { SENT_IDS } from '../../gallery/filter'
import type { MapLegend } from '../../map/readMap'
import { mapFile, page, particle, progressAtStart, readyCycles } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal } from '../../testing/service'

const COUNT = 400

function openMap(changes: Partial<MapLegend> = {}, path = '/projects/demo/map') {
  const particles = Object.fromEntries(
    Array.from({ length: COUNT }, (_, index) => [
      `GET /projects/demo/subtomograms/${index + 1}`,
      particle(index + 1),
    ]),
  )
  return renderApp(path, {
    ...particles,
    'GET /projects/demo/map': () => new Response(mapFile(COUNT, changes)),
  })
}

const canvas = () => screen.findByRole('img', { name: /^Map of 400 particles/ })
const groups = async () => within(await screen.findByRole('list', { name: 'Groups' }))

beforeEach(() => {
  sessionStorage.clear()
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(600)
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400)
})

describe('the map', () => {
  it('lists its groups with their sizes and colours them as asked', async () => {
    const { user } = openMap()
    const list = await groups()
    list.getByText('barrel')
    await user.selectOptions(screen.getByLabelText('Colour and shape by'), 'cycle')
    list.getByText('not picked')
    expect(window.location.search).toBe('?colour=cycle')
  })

  it('hands a group over to the gallery', async () => {
    const { user } = openMap()
    const list = await groups()
    const count = Number(list.getByText('rod').nextSibling?.textContent)
    await user.click(list.getByRole('button', { name: 'Select rod' }))
    screen.getByText(`${count} particles selected`)
    await user.click(screen.getByRole('button', { name: 'Open in the gallery' }))
    expect(window.location.pathname + window.location.search).toBe('/projects/demo/gallery?ids=session')
    expect(JSON.parse(sessionStorage.getItem(SENT_IDS) ?? '[]')).toHaveLength(count)
  })

  it('selects what is outlined, of the groups that are shown', async () => {
    const { user } = openMap()
    const all = (await groups()).getAllByRole('checkbox')
    for (const box of all.slice(1)) await user.click(box)
    await user.click(screen.getByRole('radio', { name: 'Outline' }))
    const target = await canvas()
    const shown = Number((await groups()).getByText('barrel').nextSibling?.textContent)
    fireEvent.pointerDown(target, { clientX: 0, clientY: 0, button: 0 })
    for (const [clientX, clientY] of [
      [600, 0],
      [600, 400],
      [0, 400],
    ]) {
      fireEvent.pointerMove(target, { clientX, clientY })
    }
    fireEvent.pointerUp(target, { clientX: 0, clientY: 400 })
    screen.getByText(`${shown} particles selected`)
    await user.click(screen.getByRole('button', { name: 'Clear' }))
    expect(screen.queryByText(/selected$/)).toBeNull()
  })

  it('goes by keys from one particle to the next and tells what is known', async () => {
    const { user } = openMap()
    await canvas()
    await user.keyboard('{ArrowRight}')
    const first = (await screen.findByRole('heading', { name: /^TS_01/ })).textContent
    screen.getByText(/^(barrel|double ring|hollow sphere|rod|Y|bilobed blob|junk), \d+ %$/)
    await user.keyboard('{ArrowRight}')
    expect((await screen.findByRole('heading', { name: /TS_01|Particle/ })).textContent).not.toBe(first)
    await user.keyboard('a')
    screen.getByText('1 particle selected')
    await user.keyboard('{Escape}')
    expect(screen.queryByText(/selected$/)).toBeNull()
  })

  it('says what is not on it', async () => {
    openMap({ is_thinned: true, placed: 1_000_000, method: 'pca', better: null })
    await screen.findByText(/400 of 1,000,000 particles are drawn/)
    screen.getByText(/12 particles of the evaluation sample are left out/)
    screen.getByText(/two principal components/)
  })

  it('says how far the better layout is, and why there is none', async () => {
    const job_id = 'j9'
    openMap({
      method: 'pca',
      better: { job_id, state: 'running', progress: { done: 150, total: 300 }, detail: null },
    })
    expect((await screen.findByRole('progressbar')).getAttribute('aria-valuenow')).toBe('50')
  })

  it('says before the first cycle what to do, and does not ask the service for what it cannot have', async () => {
    const { service } = renderApp('/projects/demo/map', {
      'GET /projects/demo/cycles': page([]),
      'GET /projects/demo/progress': progressAtStart,
    })
    await screen.findByText('The map comes with the first cycle')
    await screen.findByText(progressAtStart.next_step.text)
    screen.getByRole('link', { name: 'Label particles' })
    expect(service.count('GET /projects/demo/map')).toBe(0)
  })

  it('does not promise a map for a cycle that was told to make none', async () => {
    const cycles = readyCycles.map((cycle) => ({ ...cycle, metrics: { ...cycle.metrics, map: undefined } }))
    renderApp('/projects/demo/map', { 'GET /projects/demo/cycles': page(cycles) })
    await screen.findByText('Cycle 3 has made no map')
  })

  it('says what the service says where the stored map is gone', async () => {
    renderApp('/projects/demo/map', {
      'GET /projects/demo/map': new Refusal(409, 'no-map', 'The map is gone', 'Launch a cycle.'),
    })
    await screen.findByText('The map is gone')
  })
})
