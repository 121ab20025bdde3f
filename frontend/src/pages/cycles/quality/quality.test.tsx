import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { metrics, project, purity, readyCycles } from '../../../testing/fixtures'
import { renderApp } from '../../../testing/renderApp'
import { bandPath, linePath, placeOf, pointsOf } from './purityFigures'

const CYCLE = '/projects/demo/cycles/3'

describe('the quality of a cycle', () => {
  it('gives every class its figures with intervals', async () => {
    renderApp(CYCLE)
    const table = within(await screen.findByRole('table', { name: 'Quality by class' }))
    expect(table.getByRole('row', { name: /^rod/ }).textContent).toBe(
      'rod475 % 40–95 %75 % 40–95 %75 % 40–95 %',
    )
  })

  it('shows figures of older cycles without intervals', async () => {
    const perClass = [{ name: 'rod', n: 4, recall: 0.75, precision: null }]
    const older = { ...metrics, report: { ...metrics.report, per_class: perClass }, calibration: null }
    renderApp(CYCLE, { [`GET ${CYCLE}`]: { ...readyCycles[0], metrics: older } })
    const table = within(await screen.findByRole('table', { name: 'Quality by class' }))
    expect(table.getByRole('row', { name: /^rod/ }).textContent).toBe('rod475 %––')
  })

  it('draws the reliability diagram and says the same in a table', async () => {
    renderApp(CYCLE)
    expect(await screen.findByRole('img', { name: /^Reliability diagram/ })).toBeDefined()
    const table = within(screen.getByRole('table', { name: 'Reliability', hidden: true }))
    expect(table.getByText('80–90 %').closest('tr')?.textContent).toContain('89 %')
  })

  it('tells how far it agrees with the model before, and what to do', async () => {
    renderApp(CYCLE)
    expect(await screen.findByText(/8.3 % of 600 particles changed class. Cohen’s kappa 0.89./)).toBeDefined()
    expect(screen.getByText('Go on or stop? Not clear')).toBeDefined()
    expect(screen.getByText(/next batch brings at most about \+4.7 points/)).toBeDefined()
  })
})

describe('expected purity', () => {
  it('follows the threshold and the class', async () => {
    const { user } = renderApp(CYCLE)
    const table = await screen.findByRole('table', { name: 'Expected purity at this threshold' })
    const row = () => within(table).getByRole('row', { name: /^barrel/ }).textContent
    expect(row()).toBe('barrel11094 % (83–99 %)61')
    await user.selectOptions(screen.getByLabelText('Class drawn'), 'barrel')
    expect(screen.getByText(/of barrel pass;/)).toBeDefined()
    const slider = screen.getByLabelText('The network is at least this sure')
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(slider, '0.9')
    slider.dispatchEvent(new Event('input', { bubbles: true }))
    await waitFor(() => expect(row()).toBe('barrel5298 % (87–100 %)42'))
    await user.selectOptions(screen.getByLabelText('Class drawn'), 'Y')
    expect(screen.getByText(/nobody knows how many are right/)).toBeDefined()
  })

  it('is not for annotators', async () => {
    renderApp(CYCLE, { 'GET /projects/demo': { ...project, role: 'annotator' } })
    await screen.findByRole('table', { name: 'Quality by class' })
    expect(screen.queryByText('Expected purity')).toBeNull()
    expect(screen.queryByText('Labels that look wrong')).toBeNull()
  })

  it('finds the place of a threshold and breaks the line where nothing is known', () => {
    expect([0, 0.49, 0.5, 0.99].map((each) => placeOf([0, 0.5, 0.9], each))).toEqual([0, 0, 1, 2])
    const known = { name: 'rod', count: [4, 3, 2], n: [2, 0, 1], low: [0.2, null, 0.1], high: [0.9, null, 1] }
    const points = pointsOf({ ...purity, thresholds: [0, 0.5, 0.9] }, { ...known, share: [0.5, null, 1] })
    const [x, y] = [(share: number) => share * 100, (share: number) => 100 - share * 100]
    expect(linePath(points, x, y)).toBe('M0.0 50.0M90.0 0.0')
    expect(bandPath(points, x, y)).toBe('M0.0 10.0L90.0 0.0L90.0 90.0L0.0 80.0Z')
  })
})

describe('labels that look wrong', () => {
  it('are counted only where the network is right often enough to tell', async () => {
    const { unmount } = renderApp(CYCLE)
    expect(await screen.findByText(/About 9 are expected to be wrong/)).toBeDefined()
    unmount()
    const weak = { ...metrics, label_errors: { ...metrics.label_errors, expected: null } }
    renderApp(CYCLE, { [`GET ${CYCLE}`]: { ...readyCycles[0], metrics: weak } })
    expect(await screen.findByText(/most of what follows will be its own errors/)).toBeDefined()
    expect(screen.queryByText(/are expected to be wrong/)).toBeNull()
  })

  it('are listed and asked about again', async () => {
    const answer = { added: 3, asked_already: 1, undecided: 0, in_evaluation: 0, not_there: 0 }
    const { service, user } = renderApp(CYCLE, { 'POST /projects/demo/queue/questions': answer })
    await user.click(await screen.findByRole('button', { name: 'Show them' }))
    const table = within(await screen.findByRole('table', { name: 'Labels that look wrong' }))
    expect(table.getAllByRole('row')).toHaveLength(1 + 5) // one of six has been changed since
    expect(table.getByRole('row', { name: /^TS_03/ }).textContent).toContain('junkhollow sphere62 %')
    await user.click(table.getByRole('checkbox', { name: /^TS_06/ }))
    await user.click(screen.getByRole('button', { name: 'Ask again about these (4)' }))
    expect(
      await screen.findByText('3 particles will be asked about again. 1 were asked already.'),
    ).toBeDefined()
    expect(service.last('POST /projects/demo/queue/questions').body).toEqual({
      work: 'label-error',
      subtomogram_ids: [101, 102, 103, 105],
    })
  })
})

it('the overview advises too', async () => {
  renderApp('/projects/demo')
  expect(await screen.findByText('Go on or stop? Not clear')).toBeDefined()
})
