import { expect, it } from 'vitest'
import { failedCycle, readyCycles, runningCycle, waitingCycle } from '../../testing/fixtures'
import type { Cycle } from '../../api/types'
import { describeWork, isActive, stateOf, stepsOf } from './stages'

const states = (cycle: Cycle) => stepsOf(cycle).map((step) => step.state)
const at = (stage: Cycle['stage']): Cycle => ({ ...runningCycle, stage })

it('marks what is done, under way and ahead', () => {
  expect(states(waitingCycle)).toEqual(['ahead', 'ahead', 'ahead', 'ahead', 'ahead'])
  expect(states(at('train'))).toEqual(['current', 'ahead', 'ahead', 'ahead', 'ahead'])
  expect(states(at('score'))).toEqual(['done', 'done', 'current', 'ahead', 'ahead'])
  expect(states(at('ready'))).toEqual(['done', 'done', 'done', 'done', 'done'])
})

it('marks where a cycle stopped that failed or was cancelled', () => {
  expect(states(failedCycle)).toEqual(['failed', 'ahead', 'ahead', 'ahead', 'ahead'])
  const inScore = { ...failedCycle.job, progress: { stage: 'score' } }
  expect(states({ ...failedCycle, stage: 'cancelled', job: inScore })).toEqual([
    'done',
    'done',
    'cancelled',
    'ahead',
    'ahead',
  ])
})

it('knows when a cycle has ended', () => {
  expect([waitingCycle, runningCycle, at('select')].map(isActive)).toEqual([true, true, true])
  expect([...readyCycles, failedCycle, at('cancelled')].some(isActive)).toBe(false)
})

it('has a word and a sentence for every stage', () => {
  const all: Cycle['stage'][] = [
    'queued',
    'train',
    'evaluate',
    'score',
    'select',
    'ready',
    'failed',
    'cancelled',
  ]
  expect(new Set(all.map((stage) => stateOf(at(stage)).title)).size).toBe(8)
  expect(new Set(all.map((stage) => describeWork(at(stage)))).size).toBe(8)
  expect(stateOf(at('queued')).title).toBe('Starting') // its job runs already
  expect(stateOf(waitingCycle).title).toBe('Waiting')
  expect(describeWork(at('train'))).toBe('A network learns from your 182 labels.')
})
