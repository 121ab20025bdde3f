/** The gallery: tiles, a selection, the viewer beside it, and what is said when there is nothing. */

const EDGE = 64

/** Tiles as the service sends them: noise with a dark shape that differs from one to the next. */
function tileAnswer(count) {
  const body = Buffer.alloc(count * EDGE * EDGE)
  let state = 12345
  const noise = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648 - 0.5
  }
  for (let at = 0; at < body.length; at++) {
    const tile = Math.floor(at / EDGE ** 2)
    const [x, y] = [(at % EDGE) - EDGE / 2, (Math.floor(at / EDGE) % EDGE) - EDGE / 2]
    const turn = tile * 0.7
    const [u, v] = [x * Math.cos(turn) + y * Math.sin(turn), y * Math.cos(turn) - x * Math.sin(turn)]
    const shape = Math.hypot(u / (tile % 3 === 0 ? 20 : 10), v / (tile % 2 === 0 ? 10 : 17))
    const ring = tile % 4 === 1 ? Math.abs(shape - 0.8) < 0.25 : shape < 1
    body[at] = Math.max(0, Math.min(255, 135 - (ring ? 52 : 0) + 85 * noise()))
  }
  return { headers: { 'X-Tile-Edge': String(EDGE) }, body }
}

export function galleryPages(f, project, volumes) {
  const path = '/projects/demo/gallery'
  const answers = project(f, {
    'GET /projects/demo/gallery': f.galleryPage(0, 120),
    'GET /projects/demo/gallery/count': { count: 600, is_capped: false, before: null },
    'GET /projects/demo/members': f.members ?? f.page([]),
    'GET /projects/demo/tiles': tileAnswer(96),
    ...volumes([1000, 1001, 1002, 1012]),
  })
  const nothing = project(f, {
    'GET /projects/demo/gallery': f.emptyGallery,
    'GET /projects/demo/gallery/count': { count: 0, is_capped: false, before: null },
  })
  const select = async (page) => {
    const tiles = page.getByRole('application')
    await tiles.click({ position: { x: 150, y: 50 } })
    await tiles.click({ position: { x: 450, y: 150 }, modifiers: ['Shift'] })
  }
  return [
    { name: 'gallery', path, answers, act: select },
    {
      name: 'gallery-viewer',
      path: `${path}?sort=confidence`,
      answers,
      act: async (page) => {
        await page.getByRole('button', { name: 'More filters' }).click()
        await page.getByRole('application').dblclick({ position: { x: 250, y: 50 } })
        await page.getByRole('complementary', { name: 'Particle' }).waitFor()
      },
    },
    { name: 'gallery-no-model', path: `${path}?sort=confidence`, answers: nothing },
    { name: 'gallery-nothing', path: `${path}?label=junk`, answers: nothing },
  ]
}
