import { describe, expect, it, vi } from 'vitest'
import { findAction, keyCap, type KeyPress } from '../keys/actionTable'
import { buildActions, classKeys, type ActionTarget } from './actions'
import type { ParticleClass } from './api'

const makeClass = (position: number, hotkey: string | null = null): ParticleClass => ({
  id: `c${position}`,
  name: `class ${position}`,
  color: '#0072b2',
  position,
  hotkey,
  description: '',
})

function makeTarget(): ActionTarget {
  const view = {
    autoContrast: vi.fn(),
    invert: vi.fn(),
    toggleLowPass: vi.fn(),
    toggleDenoised: vi.fn(),
    toggleLayers: vi.fn(),
    toggleCrosshair: vi.fn(),
    stepSlice: vi.fn(),
    stepSlab: vi.fn(),
    nextSlabMode: vi.fn(),
    nextColourMap: vi.fn(),
    resetContrast: vi.fn(),
    togglePlay: vi.fn(),
    maximise: vi.fn(),
    toggle3d: vi.fn(),
    reset: vi.fn(),
  }
  return {
    canDecide: () => true,
    canUndo: () => true,
    decide: vi.fn(),
    undo: vi.fn(),
    findClass: vi.fn(),
    nextConfidence: vi.fn(),
    writeComment: vi.fn(),
    view,
  }
}

const press = (key: string, code = '', modifiers: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...modifiers,
})

const twelve = Array.from({ length: 12 }, (_, position) => makeClass(position))

describe('class keys', () => {
  it('are the digits by position where the classes name none', () => {
    expect([...classKeys([makeClass(2), makeClass(0), makeClass(1)])].sort()).toEqual([
      ['c0', '1'],
      ['c1', '2'],
      ['c2', '3'],
    ])
  })

  it('leave classes beyond nine to the menu', () => {
    const keys = classKeys(twelve)
    expect(keys.get('c8')).toBe('9')
    expect(keys.has('c9')).toBe(false)
  })

  it('respect the hotkeys of the class set, but never take a key the page needs or give one out twice', () => {
    const keys = classKeys([
      makeClass(0, '5'),
      makeClass(1, 'u'),
      makeClass(2, 'B'),
      makeClass(3, '5'),
      makeClass(4),
    ])
    expect(Object.fromEntries(keys)).toEqual({ c0: '5', c1: '1', c2: 'b', c3: '2', c4: '3' })
  })
})

describe('the action table', () => {
  it('gives every key to one action only', () => {
    const classes = [...twelve.slice(0, 6), makeClass(20, 'z'), makeClass(21, 'r'), makeClass(22, '?')]
    const keys = buildActions(classes, makeTarget()).flatMap((action) => action.keys)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('reserves every plain key it uses against class hotkeys', () => {
    for (const action of buildActions([], makeTarget())) {
      for (const key of action.keys.filter((name) => name.length === 1)) {
        expect(classKeys([makeClass(0, key)]).get('c0'), `${action.id} has ${key}`).toBe('1')
      }
    }
  })

  it('has unique ids and a label for each', () => {
    const actions = buildActions(twelve, makeTarget())
    expect(new Set(actions.map((action) => action.id)).size).toBe(actions.length)
    expect(actions.every((action) => action.label.length > 0)).toBe(true)
  })

  it('decides what its keys say', () => {
    const target = makeTarget()
    const actions = buildActions(twelve, target)
    const run = (pressed: KeyPress): void => findAction(actions, pressed)?.run()
    run(press('3', 'Digit3'))
    run(press('u', 'KeyU'))
    run(press('J', 'KeyJ'))
    run(press('s', 'KeyS'))
    expect(vi.mocked(target.decide).mock.calls.map(([choice]) => choice)).toEqual([
      { kind: 'class', particleClass: twelve[2] },
      { kind: 'unsure' },
      { kind: 'junk' },
      { kind: 'skip' },
    ])
    run(press('z', 'KeyZ'))
    run(press('z', 'KeyZ', { ctrlKey: true }))
    run(press('z', 'KeyZ', { metaKey: true }))
    expect(target.undo).toHaveBeenCalledTimes(3)
    run(press('ArrowDown', 'ArrowDown'))
    expect(target.view.stepSlice).toHaveBeenCalledWith(-1)
    run(press('p', 'KeyP'))
    run(press('t', 'KeyT'))
    run(press('g', 'KeyG'))
    for (const called of ['togglePlay', 'nextSlabMode', 'nextColourMap'] as const)
      expect(target.view[called]).toHaveBeenCalledOnce()
  })

  it("finds digits on a French keyboard's top row and on the number pad", () => {
    const actions = buildActions(twelve, makeTarget())
    expect(findAction(actions, press('é', 'Digit2'))?.id).toBe('class-c1')
    expect(findAction(actions, press('7', 'Numpad7'))?.id).toBe('class-c6')
  })

  it("leaves the browser's own combinations alone", () => {
    const actions = buildActions(twelve, makeTarget())
    expect(findAction(actions, press('r', 'KeyR', { ctrlKey: true }))).toBeNull()
    expect(findAction(actions, press('1', 'Digit1', { ctrlKey: true }))).toBeNull()
    expect(findAction(actions, press('1', 'Digit1', { altKey: true }))).toBeNull()
    expect(findAction(actions, press('q', 'KeyQ'))).toBeNull()
  })
})

describe('keyCap', () => {
  it('writes keys as they are printed', () => {
    expect(['u', 'ctrl+z', 'arrowup', '?', '1'].map(keyCap)).toEqual(['U', 'Ctrl Z', '↑', '?', '1'])
  })
})
