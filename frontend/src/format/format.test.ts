import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatInterval,
  formatMeasuredOn,
  formatPercent,
  formatPlural,
  formatRate,
  formatVoxelSize,
  share,
} from './numbers'
import { formatAgo, formatDuration, formatTimeLeft, secondsBetween } from './time'

describe('numbers', () => {
  it.each([
    [0, '0'],
    [1234567, '1,234,567'],
  ])('groups %d', (value, text) => expect(formatCount(value)).toBe(text))

  it.each([
    [1, '1 byte'],
    [999, '999 bytes'],
    [1500, '1.5 kB'],
    [84_120, '84 kB'],
    [999_900, '1 MB'],
    [412_000_000, '412 MB'],
    [3_140_000_000, '3.1 GB'],
  ])('writes %d bytes', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it('warns of an accuracy that was measured on few', () => {
    expect(formatMeasuredOn(20)).toBe('from 20 evaluation particles')
    expect(formatMeasuredOn(1)).toBe('from 1 evaluation particle: too few to rely on')
  })

  it('agrees nouns with their count', () => {
    expect(formatPlural(1, 'label')).toBe('1 label')
    expect(formatPlural(0, 'label')).toBe('0 labels')
    expect(formatPlural(6, 'class', 'classes')).toBe('6 classes')
  })

  it('writes shares as percentages and intervals', () => {
    expect(formatPercent(0.8234)).toBe('82 %')
    expect(formatPercent(0.8234, 1)).toBe('82.3 %')
    expect(formatInterval(0.712, 0.9)).toBe('71–90 %')
  })

  it.each([
    [180.4, '180 per s'],
    [3.24, '3.2 per s'],
    [0.5, '30 per min'],
    [0.05, '3.0 per min'],
  ])('picks a unit for %d per second', (rate, text) => expect(formatRate(rate)).toBe(text))

  it('drops needless digits of a voxel size', () => {
    expect(formatVoxelSize(10)).toBe('10 Å/voxel')
    expect(formatVoxelSize(13.333)).toBe('13.33 Å/voxel')
  })

  it('gives no share where there is no total, and never leaves 0..1', () => {
    expect(share(3, 0)).toBeNull()
    expect(share(null, 10)).toBeNull()
    expect(share(12, 10)).toBe(1)
    expect(share(1, 4)).toBe(0.25)
  })
})

describe('time', () => {
  it.each([
    [8.4, '8 s'],
    [60, '1 min'],
    [200, '3 min 20 s'],
    [2 * 3600 + 300, '2 h 5 min'],
    [3 * 86400 + 4 * 3600, '3 days 4 h'],
    [-4, '0 s'],
  ])('writes %d seconds', (seconds, text) => expect(formatDuration(seconds)).toBe(text))

  it.each([
    [2, 'a few seconds left'],
    [22, 'about 25 s left'],
    [61, 'about 2 min left'],
    [2 * 3600 + 1, 'about 2 h 5 min left'],
  ])('keeps the estimate of %d seconds coarse', (seconds, text) => expect(formatTimeLeft(seconds)).toBe(text))

  it('says how long ago', () => {
    const now = new Date('2026-11-20T12:00:00Z')
    expect(formatAgo('2026-11-20T11:59:50Z', now)).toBe('just now')
    expect(formatAgo('2026-11-20T11:55:00Z', now)).toBe('5 minutes ago')
    expect(formatAgo('2026-11-19T12:00:00Z', now)).toBe('yesterday')
  })

  it('measures up to now while something runs', () => {
    const now = new Date('2026-11-20T12:00:10Z')
    expect(secondsBetween('2026-11-20T12:00:00Z', null, now)).toBe(10)
    expect(secondsBetween('2026-11-20T12:00:00Z', '2026-11-20T12:00:03Z', now)).toBe(3)
  })
})
