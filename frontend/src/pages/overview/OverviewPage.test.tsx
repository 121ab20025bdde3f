import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import {
  curveWithReference,
  page,
  progressAtBatchEnd,
  progressAtStart,
  progressEmpty,
  project,
  readyCycles,
  runningCycle,
} from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { Refusal } from '../../testing/service'
import { axisLimits } from './learningCurvePlot'
import { splitSentence } from './NextStepView'

const NO_CYCLES = {
  'GET /projects/demo/cycles': page([]),
  'GET /projects/demo/learning-curve': { points: [], reference: null },
}
const learningCurve = () => screen.getByRole('region', { name: 'Learning curve' })
const kindOf = (element: HTMLElement) => /primary/.exec(element.className)?.[0] ?? 'other'

describe('what to do next', () => {
  it('is labeling while the batch is open', async () => {
    renderApp('/projects/demo')
    expect(await screen.findByText(/^Label the 28 particles left/)).toBeDefined()
    const label = screen.getByRole('link', { name: 'Label particles' })
    expect(kindOf(label)).toBe('primary')
    expect(label.getAttribute('href')).toBe('/projects/demo/label')
    expect(kindOf(screen.getByRole('button', { name: 'Launch a cycle' }))).toBe('other')
    expect(screen.getByText(/Batch picked by cycle 3: 12 of 40 labeled/)).toBeDefined()
  })

  it('is launching once the batch is done', async () => {
    renderApp('/projects/demo', { 'GET /projects/demo/progress': progressAtBatchEnd })
    const launch = await screen.findByRole('button', { name: 'Launch a cycle' })
    expect(kindOf(launch)).toBe('primary')
    expect(screen.getByText('Launch a cycle.')).toBeDefined()
    expect(screen.getByText('This batch is labeled, and the network can learn from it.')).toBeDefined()
  })

  it('is importing while there is no particle', async () => {
    renderApp('/projects/demo', { ...NO_CYCLES, 'GET /projects/demo/progress': progressEmpty })
    const link = await screen.findByRole('link', { name: 'Import particles' })
    expect(link.getAttribute('href')).toBe('/projects/demo/data')
    const steps = within(screen.getByRole('region', { name: /^From a list of particles/ }))
    expect(steps.getAllByRole('heading', { level: 3 }).map((each) => each.textContent)).toEqual([
      'Import',
      'Label',
      'Launch a cycle',
      'Export',
    ])
    expect(screen.queryByRole('heading', { name: 'Learning curve' })).toBeNull()
  })

  it('offers no launch before there are labels enough, nor to who may not', async () => {
    const { unmount } = renderApp('/projects/demo', {
      ...NO_CYCLES,
      'GET /projects/demo/progress': progressAtStart,
    })
    expect(await screen.findByRole('link', { name: 'Label particles' })).toBeDefined()
    expect(screen.queryByRole('button', { name: 'Launch a cycle' })).toBeNull()
    expect(screen.getByText(/First batch, drawn at random: 4 of 40/)).toBeDefined()
    unmount()
    renderApp('/projects/demo', { 'GET /projects/demo': { ...project, role: 'annotator' } })
    expect(await screen.findByRole('link', { name: 'Label particles' })).toBeDefined()
    expect(screen.queryByRole('button', { name: 'Launch a cycle' })).toBeNull()
  })

  it('offers no action to a viewer', async () => {
    renderApp('/projects/demo', { 'GET /projects/demo': { ...project, role: 'viewer' } })
    expect(await screen.findByText(/^Label the 28 particles left/)).toBeDefined()
    expect(screen.queryByRole('link', { name: 'Label particles' })).toBeNull()
  })

  it.each([
    ['Label 28 items.', ['Label 28 items.', '']],
    [
      'This batch is answered: launch a cycle. 3 items are open.',
      ['This batch is answered.', 'Launch a cycle. 3 items are open.'],
    ],
    ['Cycle 3 is training (40 %). You can go on.', ['Cycle 3 is training (40 %).', 'You can go on.']],
    ['Import a list', ['Import a list', '']],
  ])('sets the first sentence of %j apart', (text, parts) => expect(splitSentence(text)).toEqual(parts))
})

describe('progress', () => {
  it('counts labels in all, by class, and on the evaluation sample', async () => {
    renderApp('/projects/demo')
    const labels = within(await screen.findByRole('region', { name: 'Labels' }))
    expect(labels.getByText('208')).toBeDefined()
    const bars = within(labels.getByRole('list', { name: 'Labels by class' }))
    expect(bars.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
      'barrel41',
      'double ring33',
      'hollow sphere24',
      'rod17',
      'Y9',
      'bilobed blob5',
      'Junk13',
      'Unsure4',
      'Skipped2',
    ])
    expect(
      labels.getByRole('meter', { name: 'Evaluation sample labeled' }).getAttribute('aria-valuenow'),
    ).toBe('62')
    expect(labels.getByText(/One half measures accuracy \(32 of 50 labeled\)/)).toBeDefined()
  })
})

describe('the learning curve', () => {
  it('explains itself before the first cycle', async () => {
    renderApp('/projects/demo', { ...NO_CYCLES, 'GET /projects/demo/progress': progressAtStart })
    expect(await screen.findByText('It starts with the first cycle')).toBeDefined()
  })

  it('says why there is no figure though cycles are ready', async () => {
    renderApp('/projects/demo', { 'GET /projects/demo/learning-curve': { points: [], reference: null } })
    expect(await screen.findByText('No accuracy measured yet')).toBeDefined()
  })

  it('tells the newest point in words, with interval and sample size, and all as a table', async () => {
    const { user } = renderApp('/projects/demo')
    expect(await screen.findByText(/95 % interval 68–93 %, from 33 evaluation particles/)).toBeDefined()
    await user.click(within(learningCurve()).getByText('Show as a table'))
    const table = within(screen.getByRole('table', { name: 'Learning curve' }))
    expect(table.getAllByRole('row')).toHaveLength(4)
    expect(table.getByRole('row', { name: /^1 96/ }).textContent).toBe('1966256 %35–75 %1978 %')
  })

  it('stands beside what random picks are expected to reach, or says why not', async () => {
    const { unmount, user } = renderApp('/projects/demo', {
      'GET /projects/demo/learning-curve': curveWithReference,
    })
    expect(await screen.findByText(/a line through cycles 1, 2/)).toBeDefined()
    await user.click(within(learningCurve()).getByText('Show as a table'))
    const table = within(screen.getByRole('table', { name: 'Learning curve' }))
    expect(table.getByRole('row', { name: /^3 / }).textContent).toContain('70 % (48–85 %)')
    unmount()
    renderApp('/projects/demo')
    expect(await screen.findByText(/one cycle makes no curve/)).toBeDefined()
    expect(screen.queryByText('Random picks, expected')).toBeNull()
  })

  it('fails alone: the rest of the page stays', async () => {
    renderApp('/projects/demo', {
      'GET /projects/demo/learning-curve': new Refusal(403, 'forbidden', 'Not allowed', 'No curve for you.'),
    })
    expect((await screen.findByRole('alert')).textContent).toContain('No curve for you.')
    expect(screen.getByRole('link', { name: 'Label particles' })).toBeDefined()
  })

  it('chooses axes that hold every interval', () => {
    const point = {
      cycle_number: 1,
      training_labels: 40,
      evaluation_labels: 20,
      balanced_accuracy: null,
      acquisition: '',
    }
    const points = [
      { ...point, total_labels: 60, accuracy: 0.5, low: 0.3, high: 0.7 },
      { ...point, total_labels: 100, accuracy: 0.8, low: 0.62, high: 0.9 },
    ]
    expect(axisLimits(points)).toEqual({ x: [0, 106], y: [0.2, 1] })
    expect(axisLimits([{ ...point, total_labels: 4, accuracy: 0, low: 0, high: 0.5 }])).toEqual({
      x: [0, 10],
      y: [0, 1],
    })
  })
})

describe('how good the model is', () => {
  it('gives each class its labels beside its quality, and leads from confusions to the particles', async () => {
    renderApp('/projects/demo')
    const quality = within(await screen.findByRole('table', { name: 'Quality by class' }))
    expect(quality.getByRole('row', { name: /^rod/ }).textContent).toContain('rod174')
    const cell = screen.getByRole('link', { name: '1 particle of rod taken for barrel: show such particles' })
    expect(cell.getAttribute('href')).toBe('/projects/demo/gallery?label=rod&predicted=barrel')
  })

  it('leads from a threshold to the export of what passes', async () => {
    const { user } = renderApp('/projects/demo')
    await user.selectOptions(await screen.findByLabelText('Class drawn'), 'barrel')
    expect(screen.getByRole('link', { name: 'Export these' }).getAttribute('href')).toBe(
      '/projects/demo/export?cycle=3&confidence=0.5&class=barrel',
    )
  })

  it('says how far the experts agree, to curators', async () => {
    const { unmount } = renderApp('/projects/demo')
    const part = within(await screen.findByRole('region', { name: 'Do the experts agree?' }))
    expect(await part.findByText('Fleiss’ kappa')).toBeDefined()
    unmount()
    renderApp('/projects/demo', { 'GET /projects/demo': { ...project, role: 'annotator' } })
    await screen.findByRole('table', { name: 'Quality by class' })
    expect(screen.queryByRole('region', { name: 'Do the experts agree?' })).toBeNull()
  })
})

describe('cycles', () => {
  it('shows the one under way live, and the ended ones with accuracy, interval and n', async () => {
    renderApp('/projects/demo', { 'GET /projects/demo/cycles': page([runningCycle, ...readyCycles]) })
    const live = within(await screen.findByRole('region', { name: 'Cycle 4' }))
    expect(live.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('42')
    expect(live.getByText(/21 per s/)).toBeDefined()
    expect(screen.queryByRole('button', { name: 'Launch a cycle' })).toBeNull()
    const table = within(screen.getByRole('table', { name: 'Cycles' }))
    expect(table.getByRole('row', { name: /Cycle 3/ }).textContent).toContain('84 % 68–93 %, n = 33')
    expect(table.queryByRole('row', { name: /Cycle 4/ })).toBeNull()
  })
})
