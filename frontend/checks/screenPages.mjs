/** The pages and states to look at: address, the service's answers, and what to do before looking. */
import { classPages } from './classPages.mjs'
import { dataPages } from './dataPages.mjs'
import { galleryPages } from './galleryPages.mjs'
import { cyclePages } from './cyclePages.mjs'
import { mapPages } from './mapPages.mjs'
import { labelPages } from './labelPages.mjs'
import { peoplePages } from './peoplePages.mjs'
import { welcomePages } from './welcomePages.mjs'

const project = (f, changes = {}) => ({
  'GET /session': f.session,
  'GET /sign-in-ways': f.linksOnly,
  'GET /projects': f.projects,
  'GET /projects/demo': f.project,
  'GET /projects/demo/progress': f.progress,
  'GET /projects/demo/cycles': f.page(f.readyCycles),
  'GET /projects/demo/cycles/3': f.readyCycles[0],
  'GET /projects/demo/cycles/4': f.runningCycle,
  'GET /projects/demo/cycles/3/likely-label-errors': f.labelErrors,
  'GET /projects/demo/exports/purity': f.purity,
  'GET /projects/demo/learning-curve': f.learningCurve,
  'GET /projects/demo/sources': f.sources,
  'GET /projects/demo/jobs': f.jobsDone,
  'GET /projects/demo/review/disputed': f.disputes,
  'GET /projects/demo/review/agreement': f.agreement,
  'GET /projects/demo/review/annotators': f.annotators,
  'GET /projects/demo/queue': f.queueOverview,
  'GET /projects/demo/leases': f.leases,
  'GET /projects/demo/cycles/3/lineage': f.lineage,
  'GET /projects/demo/cycles/3/class-changes': f.classChanges,
  'GET /projects/demo/cycle-triggers': f.triggersOff,
  'POST /projects/demo/cycles/check': f.settingsCheck,
  'GET /catalogue': f.catalogue,
  ...changes,
})

/** A box with a dark ball in its middle, as the service sends volumes; `noise` in bytes from darkest to brightest. */
function volumeAnswer(edge, seed, noise = 130) {
  let state = seed * 7919 + 1
  const random = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648 - 0.5
  }
  const middle = (edge - 1) / 2
  const body = Buffer.alloc(edge ** 3)
  for (let at = 0; at < body.length; at++) {
    const [x, y, z] = [at % edge, Math.floor(at / edge) % edge, Math.floor(at / edge ** 2)]
    const radius = Math.hypot(x - middle, y - middle, z - middle + (seed % 3)) / edge
    body[at] = Math.max(0, Math.min(255, 128 - (radius < 0.2 ? 45 : 0) + noise * random()))
  }
  const headers = {
    'X-Volume-Shape': `${edge},${edge},${edge}`,
    'X-Volume-Scale': '1',
    'X-Volume-Offset': '0',
    'X-Volume-Mean': '128',
    'X-Volume-Std': '40',
  }
  return { headers, body }
}

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
    {
      name: 'sign-in',
      path: '/sign-in',
      answers: { 'GET /session': nobody, 'GET /sign-in-ways': f.linksOnly },
    },
    {
      name: 'sign-in-used',
      path: '/sign-in#token=abcdefgh12345678',
      answers: {
        'GET /session': nobody,
        'GET /sign-in-ways': f.linksOnly,
        'POST /session': problem(
          401,
          'link-used',
          'This link was used already',
          'A sign-in link works once. `tomosift user link NAME` makes a new one.',
        ),
      },
    },
    { name: 'projects', path: '/', answers: project(f) },
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
      act: (page) => page.getByText('Show as a table').first().click(),
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
    {
      name: 'cycle',
      path: '/projects/demo/cycles/3',
      answers: project(f),
      act: (page) => page.getByRole('button', { name: 'Show them' }).click(),
      fullPage: true,
    },
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
    ...dataPages(f, { project, volumeAnswer, problem }),
    ...labelPages(f, { project, volumeAnswer }),
    ...reviewing(f),
    ...welcomePages(f, project),
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
    ...classPages(f, project),
    ...galleryPages(f, project, volumes),
    ...mapPages(f, project, volumeAnswer),
    ...cyclePages(f, project),
    ...peoplePages(f, { project, nobody, problem }),
    { name: 'not-found', path: '/nowhere', answers: project(f) },
  ]
}

/** Volumes of the particles with these ids. */
const volumes = (ids) =>
  Object.fromEntries(ids.map((id) => [`GET /projects/demo/subtomograms/${id}/volume`, volumeAnswer(28, id)]))

function reviewing(f) {
  const path = '/projects/demo/review'
  const desk = { path, answers: project(f, volumes([11, 12, 13])) }
  return [
    { ...desk, name: 'review', act: (page) => page.getByText('What is it?').waitFor() },
    { name: 'review-empty', path, answers: project(f, { 'GET /projects/demo/review/disputed': f.page([]) }) },
    { name: 'review-agreement', path: `${path}?part=agreement`, answers: project(f), fullPage: true },
    { name: 'review-queue', path: `${path}?part=queue`, answers: project(f), fullPage: true },
    {
      name: 'review-own',
      path,
      answers: project(f, {
        'GET /projects/demo': { ...f.project, role: 'annotator' },
        'GET /projects/demo/review/annotators': {
          ...f.annotators,
          annotators: f.annotators.annotators.slice(0, 1),
        },
      }),
    },
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
