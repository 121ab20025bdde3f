import { expect, it } from 'vitest'
import type { Cycle } from '../api/types'
import { readyCycles, runningCycle as fixture } from '../testing/fixtures'
import { runningCycle } from './cycleProgress'

const running = (stage: Cycle['stage'], progress: Cycle['job']['progress']): Cycle => ({
  ...fixture,
  number: 4,
  stage,
  job: { ...fixture.job, state: 'running', progress },
})

it('says what the cycle does and how far it is', () => {
  expect(runningCycle([running('train', { stage: 'train', done: 203, total: 500 }), ...readyCycles])).toEqual(
    {
      number: 4,
      text: 'Cycle 4: training… 40 %',
      fraction: 0.406,
    },
  )
  expect(runningCycle([running('score', { done: 5, total: 0 })])).toMatchObject({
    text: 'Cycle 4: scoring the pool…',
    fraction: null,
  })
  expect(runningCycle([running('train', null)])?.text).toBe('Cycle 4: training…')
})

it('waits with a queued job', () => {
  const queued = running('train', { stage: 'train', done: 1, total: 2 })
  expect(runningCycle([{ ...queued, job: { ...queued.job, state: 'queued' } }])).toMatchObject({
    text: 'Cycle 4: waiting for a worker…',
    fraction: null,
  })
})

it('is silent when nothing runs, also when the job has ended before the cycle was read anew', () => {
  expect(runningCycle(readyCycles)).toBeNull()
  expect(runningCycle([])).toBeNull()
  const ended = running('select', null)
  expect(runningCycle([{ ...ended, job: { ...ended.job, state: 'failed' } }])).toBeNull()
})
