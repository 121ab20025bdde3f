/** The pages and states to look at: address, the service's answers, and what to do before looking. */
const project = (f, changes = {}) => ({
  'GET /session': f.session,
  'GET /projects': f.projects,
  'GET /projects/demo': f.project,
  'GET /projects/demo/progress': f.progress,
  'GET /projects/demo/cycles': f.page(f.readyCycles),
  'GET /projects/demo/cycles/3': f.readyCycles[0],
  'GET /projects/demo/cycles/4': f.runningCycle,
  'GET /projects/demo/learning-curve': f.learningCurve,
  'GET /projects/demo/sources': f.sources,
  'GET /projects/demo/jobs': f.jobsDone,
  'GET /catalogue': f.catalogue,
  ...changes,
})

const problem = (status, kind, title, detail) => ({
  status,
  json: { type: `urn:tomosift:problem:${kind}`, title, status, detail },
})

const nobody = problem(401, 'not-signed-in', 'Not signed in', 'Sign in first.')

export function pages(f) {
  const withRunning = { 'GET /projects/demo/cycles': f.page([f.runningCycle, ...f.readyCycles]) }
  const atStart = {
    'GET /projects/demo/progress': f.progressAtStart,
    'GET /projects/demo/cycles': f.page([]),
    'GET /projects/demo/learning-curve': { points: [], reference: null },
  }
  const launch = async (page) => page.getByRole('button', { name: 'Launch a cycle' }).first().click()
  return [
    { name: 'sign-in', path: '/sign-in', answers: { 'GET /session': nobody } },
    {
      name: 'sign-in-used',
      path: '/sign-in#token=abcdefgh12345678',
      answers: {
        'GET /session': nobody,
        'POST /session': problem(
          401,
          'link-used',
          'This link was used already',
          'A sign-in link works once. `tomosift user link NAME` makes a new one.',
        ),
      },
    },
    { name: 'projects', path: '/', answers: project(f) },
    { name: 'projects-empty', path: '/', answers: project(f, { 'GET /projects': f.page([]) }) },
    {
      name: 'new-project',
      path: '/',
      answers: project(f),
      act: async (page) => {
        await page.getByRole('button', { name: 'New project' }).click()
        await page.getByRole('button', { name: 'Create project' }).click()
      },
    },
    { name: 'overview', path: '/projects/demo', answers: project(f), fullPage: true },
    {
      name: 'overview-running',
      path: '/projects/demo',
      answers: project(f, {
        ...withRunning,
        'GET /projects/demo/progress': {
          ...f.progress,
          next_step: {
            code: 'cycle-running',
            text: 'Cycle 4 is training. You can go on labeling meanwhile.',
            action: 'label',
          },
        },
      }),
      fullPage: true,
    },
    { name: 'overview-start', path: '/projects/demo', answers: project(f, atStart), fullPage: true },
    {
      name: 'overview-launch',
      path: '/projects/demo',
      answers: project(f, { 'GET /projects/demo/progress': f.progressAtBatchEnd }),
    },
    {
      name: 'overview-empty',
      path: '/projects/demo',
      answers: project(f, { ...atStart, 'GET /projects/demo/progress': f.progressEmpty }),
    },
    {
      name: 'overview-table',
      path: '/projects/demo',
      answers: project(f),
      act: (page) => page.getByText('Show as a table').click(),
      fullPage: true,
    },
    { name: 'launch', path: '/projects/demo', answers: project(f), act: launch },
    {
      name: 'launch-too-few',
      path: '/projects/demo/cycles',
      answers: project(f, { ...atStart, 'GET /catalogue': { ...f.catalogue, workers_seen: 0 } }),
      act: launch,
    },
    { name: 'cycles', path: '/projects/demo/cycles', answers: project(f, withRunning) },
    { name: 'cycles-empty', path: '/projects/demo/cycles', answers: project(f, atStart) },
    { name: 'cycle', path: '/projects/demo/cycles/3', answers: project(f), fullPage: true },
    {
      name: 'cycle-live',
      path: '/projects/demo/cycles/4',
      answers: project(f, withRunning),
      act: (page) => page.getByText('Log', { exact: true }).click(),
    },
    {
      name: 'cycle-waiting',
      path: '/projects/demo/cycles/4',
      answers: project(f, { 'GET /projects/demo/cycles/4': f.waitingCycle }),
    },
    {
      name: 'cycle-failed',
      path: '/projects/demo/cycles/4',
      answers: project(f, { 'GET /projects/demo/cycles/4': f.failedCycle }),
    },
    { name: 'data', path: '/projects/demo/data', answers: project(f) },
    {
      name: 'data-importing',
      path: '/projects/demo/data',
      answers: project(f, { 'GET /projects/demo/jobs': f.jobsImporting }),
      act: (page) => page.getByText('The files lie on the server already').click(),
    },
    {
      name: 'data-failed',
      path: '/projects/demo/data',
      answers: project(f, { 'GET /projects/demo/jobs': f.jobsFailed }),
    },
    {
      name: 'help',
      path: '/projects/demo/cycles',
      answers: project(f),
      act: (page) => page.getByRole('button', { name: 'Help' }).click(),
    },
    {
      name: 'account',
      path: '/',
      answers: project(f),
      act: (page) => page.getByRole('button', { name: /^Account/ }).click(),
    },
    {
      name: 'signed-out',
      path: '/projects/demo',
      answers: project(f, {
        'GET /projects/demo/learning-curve': nobody,
      }),
    },
    offlinePage(f),
    {
      name: 'no-project',
      path: '/projects/secret',
      answers: {
        'GET /session': f.session,
        'GET /projects/secret': problem(404, 'not-found', 'Not found', 'No such project.'),
      },
    },
    { name: 'not-found', path: '/nowhere', answers: project(f) },
  ]
}

function offlinePage(f) {
  let gone = false // answers nothing while true
  return {
    name: 'offline',
    start: () => {
      gone = false
    },
    path: '/projects/demo',
    answers: { ...project(f), offline: () => gone },
    act: async (page) => {
      await page.getByRole('heading', { name: 'Learning curve' }).waitFor()
      await page.waitForTimeout(600)
      gone = true
      await page.getByRole('link', { name: 'Data', exact: true }).click()
      await page.getByText('No connection to Tomosift').waitFor()
    },
  }
}
