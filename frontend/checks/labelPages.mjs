/** The label page in the states a person meets: deciding, looking classes up, comparing layers, resting after a batch. */
export function labelPages(f, { project, volumeAnswer }) {
  const path = '/projects/demo/label'
  const pick = {
    cycle_number: 3,
    acquisition: 'entropy-gradnorm',
    score: 0.435,
    rank: 4,
    batch_size: 40,
    reason: 'Entropy × gradient put it at rank 4 of 40.',
  }
  const task = ({ subtomogram }, index) => ({
    lease: { id: index + 1, fencing_token: index + 1 },
    work: index === 0 ? 'recheck' : 'query',
    subtomogram,
    pick: index === 0 ? null : pick,
  })
  const classes = Array.from({ length: 14 }, (_, at) => ({
    ...f.project.classes[at % f.project.classes.length],
    ...(at < f.project.classes.length ? {} : { id: `more-${at}`, name: `assembly ${at}` }),
    position: at,
    hotkey: at < 9 ? String(at + 1) : null,
    description:
      at === 1 ? 'Two rings on top of each other, a hole through the middle.\nOne ring: barrel.' : '',
  }))
  const inSet = classes.map((each, at) => ({ ...each, labels: 9 * at, examples: at === 1 ? [12, 13] : [] }))
  const chance = (at, probability) => ({ kind: 'class', class_id: classes[at].id, probability })
  const view = {
    cycle: 3,
    prediction: chance(3, 0.78),
    confidence: 0.78,
    choices: [chance(3, 0.78), chance(1, 0.17), chance(0, 0.05)],
    unlike: null,
  }
  const ids = [11, 12, 13]
  const of = (rest, answer) =>
    Object.fromEntries(ids.map((id) => [`GET /projects/demo/subtomograms/${id}/${rest}`, answer(id)]))
  const answers = (changes = {}) =>
    project(f, {
      ...of('volume', (id) => volumeAnswer(28, id)),
      ...of('model-view', () => view),
      ...of('denoised', (id) => volumeAnswer(28, id, 12)),
      ...of('similar', () => ({ cycle_number: 3, items: [], labeled: [] })),
      ...of('neighbours', () => ({
        tomogram: '',
        unit: 'angstrom',
        box: 1,
        has_surroundings: false,
        items: [],
      })),
      ...Object.fromEntries(
        classes.map(({ id }) => [`GET /projects/demo/classes/${id}/sum`, volumeAnswer(28, 2, 20)]),
      ),
      'GET /projects/demo/class-set': { class_set_version: 1, classes: inSet, retired: [] },
      'POST /projects/demo/tasks/claim': {
        tasks: f.disputes.items.map(task),
        empty: null,
        queue: { ...f.progress.queue, waiting_for_others: 7 },
      },
      'POST /projects/demo/decisions': { event_id: 1, status: 'accepted', label: null },
      ...changes,
    })
  const manyClasses = (suggestions) => ({
    'GET /projects/demo': { ...f.project, classes, settings: { ...f.project.settings, suggestions } },
  })
  const decideFirst = async (page) => {
    const answerable = page.locator('[aria-label=Classes] button[aria-disabled=false]').first()
    await answerable.waitFor()
    await page.keyboard.press('2')
    await page.waitForTimeout(400)
    await answerable.waitFor()
  }
  let isOver = false // the batch; a newer one is there since
  const rest = answers({ 'POST /projects/demo/tasks/more': { added: 3, queue: f.progress.queue } })
  Object.defineProperty(rest, 'POST /projects/demo/tasks/claim', {
    enumerable: true,
    get: () => ({
      tasks: isOver ? f.disputes.items.map(task) : [],
      empty: isOver
        ? null
        : {
            code: 'cycle-running',
            title: 'Cycle 3 is running',
            detail: 'It takes a minute.',
            may_add_random: true,
          },
      queue: { ...f.progress.queue, batch_cycle_number: isOver ? 3 : 2, batch_done: 0 },
    }),
  })
  return [
    {
      name: 'label',
      path,
      answers: answers(),
      act: async (page) => {
        await decideFirst(page)
        await page.keyboard.press('2')
        await page.waitForTimeout(400)
        await page.keyboard.press('f')
        await page.keyboard.press('c')
        await page.keyboard.type('Two rings, seen from above?')
        await page.getByText('Change an earlier decision').click()
      },
    },
    {
      name: 'label-menu',
      path,
      answers: answers(manyClasses('after-deciding')),
      act: async (page) => {
        await page.locator('[aria-label=Classes] button[aria-disabled=false]').first().waitFor()
        await page.keyboard.press('/')
        await page.getByRole('combobox').waitFor()
        await page.keyboard.press('ArrowDown')
      },
    },
    {
      name: 'label-suggestion',
      path,
      answers: answers(manyClasses('always')),
      act: async (page) => {
        await decideFirst(page)
        await page.getByText('78 %').first().waitFor()
        await page.getByRole('button', { name: new RegExp(`^2 ${classes[1].name}`) }).hover()
        await page.getByRole('region', { name: `About ${classes[1].name}` }).waitFor()
      },
    },
    {
      name: 'label-layers',
      path,
      answers: answers(),
      act: async (page) => {
        await page.locator('[aria-label=Classes] button[aria-disabled=false]').first().waitFor()
        await page.keyboard.press('d')
        await page.keyboard.press('v')
        await page.getByRole('img', { name: 'Slice, Denoised' }).waitFor()
      },
    },
    {
      name: 'label-making',
      path,
      answers: answers(of('denoised', () => ({ status: 202, json: { ahead: 5, is_trained: true } }))),
      act: async (page) => {
        await page.locator('[aria-label=Classes] button[aria-disabled=false]').first().waitFor()
        await page.keyboard.press('d')
        await page.getByText('5 particles before it').waitFor()
      },
    },
    {
      name: 'label-learned',
      path,
      start: () => {
        isOver = false
      },
      answers: rest,
      act: async (page) => {
        await page.getByText('Cycle 3 is running').waitFor()
        isOver = true
        await page.getByRole('button', { name: 'Label further random items' }).click()
        await page.getByText('Accuracy before').waitFor()
      },
    },
  ]
}
