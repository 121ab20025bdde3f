import { describe, expect, it } from 'vitest'
import { byteToSigma, decodeVolume, formatLength, rawDisplay, sigmaToByte, VolumeFormatError } from './volume'

function headers(changes: Record<string, string | null> = {}): Headers {
  const all: Record<string, string | null> = {
    'X-Volume-Shape': '2,3,4',
    'X-Volume-Scale': '0.5',
    'X-Volume-Offset': '-10',
    'X-Volume-Mean': '4',
    'X-Volume-Std': '2',
    ...changes,
  }
  const made = new Headers()
  for (const [name, value] of Object.entries(all)) if (value !== null) made.set(name, value)
  return made
}

describe('decodeVolume', () => {
  it('reads shape, bytes and densities', () => {
    const volume = decodeVolume('a', 13.48, headers(), Uint8Array.from({ length: 24 }, (_, i) => i).buffer)
    expect(volume.shape).toEqual([2, 3, 4])
    expect(volume.bytes[23]).toBe(23)
    const display = rawDisplay(volume)
    // Byte 28 is density 4, the mean; byte 32 is density 6, one standard deviation above.
    expect(byteToSigma(display, 28)).toBeCloseTo(0)
    expect(byteToSigma(display, 32)).toBeCloseTo(1)
    expect(sigmaToByte(display, 1)).toBeCloseTo(32)
  })

  it('refuses a body that is cut short', () => {
    expect(() => decodeVolume('a', 1, headers(), new ArrayBuffer(23))).toThrow(/cut short: 23 of 24/)
  })

  it.each([
    { 'X-Volume-Shape': '2,3' },
    { 'X-Volume-Shape': '2,3,x' },
    { 'X-Volume-Shape': null },
    { 'X-Volume-Scale': null },
    { 'X-Volume-Offset': '' },
    { 'X-Volume-Std': 'NaN' },
  ])('refuses headers %o', (changes) => {
    expect(() => decodeVolume('a', 1, headers(changes), new ArrayBuffer(24))).toThrow(VolumeFormatError)
  })
})

describe('formatLength', () => {
  it('gives voxels where the voxel size is unknown', () => {
    expect(formatLength(39.6, 13.48)).toBe('40 Å')
    expect(formatLength(40, null)).toBe('4.0 voxels')
  })
})
