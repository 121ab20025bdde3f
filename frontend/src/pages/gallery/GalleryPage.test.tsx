import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EVERYTHING, SENT_IDS } from '../../gallery/filter'
import { renderApp } from '../../testing/renderApp'
import { emptyGallery, galleryItem, galleryPage, GALLERY_SIZE } from '../../testing/fixtures/gallery'

const GALLERY = 'GET /projects/demo/gallery'
const COUNT = 'GET /projects/demo/gallery/count'
const BULK = 'POST /projects/demo/decisions/bulk'

const answers = {
  [GALLERY]: galleryPage(0, 120),
  [COUNT]: { count: GALLERY_SIZE, is_capped: false, before: null },
  'GET /projects/demo/tiles': () =>
    new Response(new Uint8Array(64 * 64 * 96), { headers: { 'X-Tile-Edge': '64' } }),
  'GET /projects/demo/members': { items: [], next: null },
  [BULK]: { bulk_id: 'b1', decided: 3, held_by_others: [] },
  'POST /projects/demo/decisions/bulk/b1/undo': { undone: 3 },
}

// jsdom lays nothing out: give the element room.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(520)
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600)
})
afterEach(() => vi.restoreAllMocks())

const tiles = () => screen.findByRole('application')
const aim = () => screen.getByTestId('gallery-aim').textContent

describe('the gallery', () => {
  it('is labeled by keys: a range is selected, decided at once, and taken back', async () => {
    const { service, user } = renderApp('/projects/demo/gallery', answers)
    const grid = await tiles()
    await screen.findByText('600')
    grid.focus()
    await user.keyboard('{ArrowRight} ')
    expect(aim()).toBe('1 particle selected.')
    expect(screen.getByTestId('gallery-cursor').textContent).toMatch(
      /^TS_01\/0001\.mrc, place 2, not labeled, model says .*selected$/,
    )
    await user.keyboard('{Shift>}{ArrowRight}{ArrowRight}{/Shift}')
    await waitFor(() => expect(aim()).toBe('3 particles selected.'))
    await user.keyboard('2')

    await screen.findByText(/for 3 particles, saved/)
    const sent = service.last(BULK)
    expect(sent.body).toMatchObject({ subtomogram_ids: [1001, 1002, 1003], kind: 'class' })
    expect(sent.headers.get('Idempotency-Key')).toMatch(/^[0-9a-f-]{36}$/)

    await user.keyboard('z')
    await waitFor(() => expect(service.count('POST /projects/demo/decisions/bulk/b1/undo')).toBe(1))
    expect(screen.queryByTestId('gallery-last')).toBeNull()
  })

  it('leaves items of the evaluation sample out and says so', async () => {
    const { service, user } = renderApp('/projects/demo/gallery', answers)
    const grid = await tiles()
    await screen.findByText('600')
    grid.focus()
    await user.keyboard(
      '{ArrowRight}{ArrowRight}{ArrowRight}{ArrowRight} {Shift>}{ArrowRight}{ArrowRight}{/Shift}',
    )
    await waitFor(() =>
      expect(aim()).toMatch(/^3 particles selected\. 1 of them measures the model and is left out/),
    )
    expect(galleryItem(5).in_evaluation_sample).toBe(true)
    await user.click(screen.getByRole('button', { name: /Junk/ }))
    await waitFor(() => expect(service.count(BULK)).toBe(1))
    expect(service.last(BULK).body).toMatchObject({ subtomogram_ids: [1004, 1006], kind: 'junk' })
  })

  it('asks for what the address says, in names, and writes what is chosen into it', async () => {
    const { service, user } = renderApp(
      '/projects/demo/gallery?label=barrel&predicted=rod&sort=confidence',
      answers,
    )
    await screen.findByText('600')
    expect(screen.getByLabelText<HTMLSelectElement>('Label').selectedOptions[0]?.text).toBe('barrel')
    await user.selectOptions(screen.getByLabelText('Model says'), 'Y')
    await waitFor(() => expect(window.location.search).toContain('predicted=Y'))
    await user.click(screen.getByRole('button', { name: 'Lowest first' }))
    await waitFor(() => expect(window.location.search).toContain('descending=true'))
    await waitFor(() => expect(service.count(GALLERY)).toBeGreaterThanOrEqual(3))
    await user.click(screen.getByRole('button', { name: 'Clear filters' }))
    await waitFor(() => expect(window.location.search).not.toContain('label'))
    expect(EVERYTHING.label).toBe('')
  })

  it('opens a particle beside the tiles and labels it alone', async () => {
    const { service, user } = renderApp('/projects/demo/gallery', {
      ...answers,
      'POST /projects/demo/decisions': { event_id: 5, status: 'accepted', label: null },
    })
    const grid = await tiles()
    await screen.findByText('600')
    grid.focus()
    await user.keyboard('{ArrowRight}{Enter}')
    const panel = await screen.findByRole('complementary', { name: 'Particle' })
    expect(within(panel).getByRole('heading').textContent).toBe('TS_01/0001.mrc')
    expect(aim()).toBe('Label the one in the viewer:')
    await user.keyboard('1')
    await waitFor(() => expect(service.count('POST /projects/demo/decisions')).toBe(1))
    expect(service.last('POST /projects/demo/decisions').body).toMatchObject({
      subtomogram_id: 1001,
      lease_id: null,
    })
    await waitFor(() => expect(within(panel).getByText('barrel')).toBeDefined())
    await user.keyboard('{Escape}')
    expect(screen.queryByRole('complementary', { name: 'Particle' })).toBeNull()
  })

  it('shows particles that another page has sent, in their order', async () => {
    sessionStorage.setItem(SENT_IDS, '[1002, 1001]')
    const { user } = renderApp('/projects/demo/gallery?ids=session', answers)
    const grid = await tiles()
    expect(await screen.findByText('These particles were sent here.')).toBeDefined()
    await waitFor(() => expect(grid.getAttribute('aria-label')).toMatch(/^2 particles/))
    grid.focus()
    await user.keyboard(' ')
    expect(screen.getByTestId('gallery-cursor').textContent).toMatch(/^TS_02\/0002\.mrc, place 1/)
  })

  it('says what is missing: no model, nothing that passes, a viewer who may only look', async () => {
    const none = {
      ...answers,
      [GALLERY]: emptyGallery,
      [COUNT]: { count: 0, is_capped: false, before: null },
    }
    const { unmount } = renderApp('/projects/demo/gallery?sort=confidence', none)
    expect(await screen.findByText('No model has looked at the pool yet')).toBeDefined()
    unmount()
    const filtered = renderApp('/projects/demo/gallery?label=junk', none)
    expect(await screen.findByText('No particle passes these filters')).toBeDefined()
    filtered.unmount()
    const { project } = await import('../../testing/fixtures')
    renderApp('/projects/demo/gallery', { ...answers, 'GET /projects/demo': { ...project, role: 'viewer' } })
    expect(await screen.findByText(/your role in this project is viewer/)).toBeDefined()
  })
})
