/** The first visit, the tour, help, the system page, and labels for particles that are there. */
export function welcomePages(f, project) {
  const admin = (changes) => project(f, { 'GET /system': f.system, ...changes })
  const empty = (changes = {}) => project(f, { 'GET /projects': f.page([]), ...changes })
  const tourStep = (number) => async (page) => {
    await page.getByRole('button', { name: 'Take the two-minute tour' }).click()
    for (let step = 1; step < number; step++) await page.getByRole('button', { name: 'Next' }).click()
  }
  const claim = {
    'POST /projects/demo/tasks/claim': {
      tasks: [],
      empty: {
        code: 'batch-done-launch',
        title: 'You have answered this batch',
        detail: 'Launch a cycle, or label further random items.',
        may_add_random: true,
      },
      queue: f.progress.queue,
    },
  }
  return [
    { name: 'projects-empty', path: '/', answers: empty() },
    {
      name: 'projects-empty-person',
      path: '/',
      answers: empty({ 'GET /session': { ...f.session, user: { ...f.session.user, is_admin: false } } }),
    },
    {
      name: 'demo-starting',
      path: '/projects/demo/data',
      answers: project(f, {
        'GET /projects/demo/sources': f.page([]),
        'GET /projects/demo/jobs': f.page([f.jobSimulating]),
      }),
    },
    ...['overview', 'volume', 'classes', 'others', 'why', 'saved', 'cycles', 'end'].map((step, index) => ({
      name: `tour-${step}`,
      path: '/projects/demo',
      answers: project(f, claim),
      act: tourStep(index + 1),
    })),
    { name: 'system', path: '/admin/system', answers: admin(), fullPage: true },
    {
      name: 'system-trouble',
      path: '/admin/system',
      answers: admin({ 'GET /system': f.systemInTrouble }),
      fullPage: true,
    },
    {
      name: 'help',
      path: '/projects/demo/label',
      answers: project(f, claim),
      act: async (page) => {
        await page.getByRole('group', { name: 'Classes' }).waitFor()
        await page.keyboard.press('?')
      },
    },
    {
      name: 'data-labels',
      path: '/projects/demo/data',
      answers: project(f, {
        'GET /projects/demo/jobs': f.page([f.jobLabelsImported, ...f.jobsDone.items]),
        'POST /projects/demo/label-imports': f.jobLabelsUnknown,
        'GET /projects/demo/jobs/l1': f.jobLabelsUnknown,
      }),
      act: async (page) => {
        await page.locator('summary', { hasText: 'Import labels' }).click()
        await page.getByLabel('Where these labels are from').fill('Class3D')
        await page.getByRole('button', { name: 'Import labels' }).click()
        await page.getByLabel('Class for 1').waitFor()
      },
      fullPage: true,
    },
  ]
}
