import { expect, it } from 'vitest'
import type { ParticleClass } from './api'
import { findClasses } from './classSearch'

const NAMES = ['26S proteasome', 'ribosome', 'membrane ribosome', 'GroEL']
const classes = NAMES.map((name, position): ParticleClass => ({
  id: `c${position}`,
  name,
  color: '#0072b2',
  position,
  hotkey: null,
  description: name === 'GroEL' ? 'Two rings; smaller than a ribosome.' : '',
}))
const found = (text: string): string[] => findClasses(classes, text).map(({ name }) => name)

it('finds what begins so first, then names with all the words, then guidelines', () => {
  expect(found('')).toEqual(NAMES)
  expect(found(' RIBO ')).toEqual(['ribosome', 'membrane ribosome', 'GroEL'])
  expect(found('ribo mem')).toEqual(['membrane ribosome'])
  expect(found('two rings')).toEqual(['GroEL'])
  expect(found('actin')).toEqual([])
})
