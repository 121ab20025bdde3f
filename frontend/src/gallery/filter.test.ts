import { beforeEach, describe, expect, it } from 'vitest'
import { project } from '../testing/fixtures'
import { EVERYTHING, filterCount, filterFrom, queryOf, searchOf, SENT_IDS } from './filter'

const { classes } = project
const [barrel, ring] = classes as [(typeof classes)[0], (typeof classes)[0]]
const read = (address: string) => filterFrom(new URLSearchParams(address), classes)

beforeEach(() => sessionStorage.clear())

describe('the filter in the address', () => {
  it('takes classes by name, as other pages link to them, and by id', () => {
    const filter = read(
      `label=${barrel.name}&predicted=${ring.id}&sort=confidence&confidence_min=0.5&batch=3`,
    )
    expect(filter).toMatchObject({ label: barrel.id, predicted: ring.id, confidenceMin: 0.5, batch: 3 })
    expect(queryOf(filter)).toEqual({
      sort: 'confidence',
      label: `class:${barrel.id}`,
      predicted: `class:${ring.id}`,
      confidence_min: 0.5,
      batch: 3,
    })
    expect(filterCount(filter)).toBe(4)
  })

  it('comes back from the address it makes', () => {
    const filter = {
      ...EVERYTHING,
      sort: 'unlike' as const,
      descending: true,
      label: 'unlabeled',
      predicted: ring.id,
      confidenceMax: 0.25,
      tomogram: 'TS_01 & more',
      annotator: 'u1',
      disagrees: true,
    }
    const search = searchOf(filter, classes, null)
    expect(search.get('predicted')).toBe(ring.name)
    expect(filterFrom(new URLSearchParams(search.toString()), classes)).toEqual(filter)
    expect(searchOf(EVERYTHING, classes, null).toString()).toBe('')
  })

  it('leaves out what it does not know', () => {
    const filter = read('sort=colour&label=nothing&predicted=unsure&confidence_min=7&batch=x&ids=a,2,2,-1')
    expect(filter).toEqual({ ...EVERYTHING, ids: [2] })
  })

  it('takes particles that another page has sent', () => {
    sessionStorage.setItem(SENT_IDS, '[5, 3, 5, "x", 9]')
    expect(read('ids=session').ids).toEqual([5, 3, 9])
    sessionStorage.setItem(SENT_IDS, 'rubbish')
    expect(read('ids=session').ids).toEqual([])
    expect(searchOf(read('ids=session'), classes, 'session').get('ids')).toBe('session')
  })
})
