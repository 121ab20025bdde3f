import { expect, it } from 'vitest'
import { readyCycles, runningCycle } from '../testing/fixtures'
import { batchLearned } from './batchLearned'

const [third, second, first] = readyCycles

it('stands beside the last cycle that was measured', () => {
  const unmeasured = { ...second!, metrics: { ...second!.metrics!, report: null } }
  const learned = batchLearned([runningCycle, third!, unmeasured, first!], 3)!
  expect(learned.before?.number).toBe(1)
  expect(learned.newLabels).toBe(80)
  expect(batchLearned([runningCycle, third!], 4)).toBeNull()
  expect(batchLearned([first!], 1)).toMatchObject({ before: null, newLabels: 62 })
})

it('lists the classes that changed most first, and none without evaluation particles', () => {
  const changed = structuredClone(second!)
  const [rows, before] = [third!.metrics!.report!.per_class, changed.metrics!.report!.per_class]
  before[3]!.recall = 0
  const { classes } = batchLearned([third!, changed], 3)!
  expect(classes[0]).toEqual({ name: rows[3]!.name, n: rows[3]!.n, before: 0, after: rows[3]!.recall })
  before[3]!.n = 0
  expect(
    batchLearned([third!, changed], 3)!.classes.find(({ name }) => name === rows[3]!.name)!.before,
  ).toBeNull()
})
