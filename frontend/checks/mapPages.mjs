/** The page of the map: with its legend, with an outlined group, before the first cycle. */
export function mapPages(f, project, volumeAnswer) {
  const path = '/projects/demo/map'
  const file = (count, changes) => ({
    headers: { 'Content-Type': 'application/octet-stream' },
    body: Buffer.from(f.mapFile(count, changes)),
  })
  const particles = Object.fromEntries(
    Array.from({ length: 4000 }, (_, index) => [
      `GET /projects/demo/subtomograms/${index + 1}`,
      f.particle(index + 1),
    ]),
  )
  const volumes = Object.fromEntries(
    Array.from({ length: 4000 }, (_, index) => [
      `GET /projects/demo/subtomograms/${index + 1}/volume`,
      index,
    ]),
  )
  const answers = (map) =>
    new Proxy(project(f, { ...particles, 'GET /projects/demo/map': map }), {
      get: (all, key) => (key in volumes ? volumeAnswer(28, volumes[key]) : all[key]),
    })
  const drawn = async (page) => {
    await page.getByRole('img', { name: /^Map of/ }).waitFor()
    await page.waitForTimeout(400)
  }
  const outline = async (page) => {
    await drawn(page)
    const { x, y, width, height } = await page.locator('canvas').first().boundingBox()
    const [left, top] = [x + width * 0.5, y + height * 0.2]
    await page.keyboard.down('Shift')
    await page.mouse.move(left, top)
    await page.mouse.down()
    for (const [dx, dy] of [
      [0.42, 0],
      [0.42, 0.55],
      [0.1, 0.5],
      [0, 0.02],
    ]) {
      await page.mouse.move(left + dx * width, top + dy * height, { steps: 6 })
    }
    await page.mouse.up()
    await page.keyboard.up('Shift')
  }
  const step = async (page) => {
    await drawn(page)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
  }
  return [
    { name: 'map', path, answers: answers(file(4000)), act: step },
    {
      name: 'map-outlined',
      path: `${path}?colour=label`,
      answers: answers(file(4000, { is_thinned: true, placed: 1234567 })),
      act: outline,
    },
    {
      name: 'map-quick',
      path: `${path}?colour=confidence`,
      answers: answers(
        file(600, {
          method: 'pca',
          better: { job_id: 'j9', state: 'running', progress: { done: 120, total: 300 }, detail: null },
        }),
      ),
      act: drawn,
    },
    {
      name: 'map-empty',
      path,
      answers: project(f, {
        'GET /projects/demo/cycles': f.page([]),
        'GET /projects/demo/progress': f.progressAtStart,
      }),
    },
  ]
}
