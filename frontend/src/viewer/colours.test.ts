import { describe, expect, it } from 'vitest'
import { COLOUR_MAPS, TONE_STEPS, toneGradient, toneTable, type ColourMap } from './colours'

type Rgb = readonly [number, number, number]
const at = (table: Float32Array, step: number): Rgb => [
  table[3 * step]!,
  table[3 * step + 1]!,
  table[3 * step + 2]!,
]
const plain = { invert: false, gamma: 1, colourMap: 'grey' as ColourMap }

const toLinear = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
/** CIE L* of linear light. */
function lightness([r, g, b]: Rgb): number {
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b
  return luminance > 0.008856 ? 116 * Math.cbrt(luminance) - 16 : 903.3 * luminance
}

/** What people see who lack a kind of cone: Machado, Oliveira & Fernandes 2009, severity 1, on linear light. */
const VISIONS: Readonly<Record<string, readonly Rgb[]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

describe('the colour maps', () => {
  it.each(COLOUR_MAPS.flatMap((map) => Object.keys(VISIONS).map((vision) => [map, vision] as const)))(
    '%s rises in lightness all the way, for %s vision',
    (colourMap, vision) => {
      const table = toneTable({ ...plain, colourMap })
      const levels = Array.from({ length: 13 }, (_, part) => {
        const linear = at(table, Math.round((part / 12) * (TONE_STEPS - 1))).map(toLinear)
        const seen = VISIONS[vision]!.map((row) =>
          Math.min(
            Math.max(
              row.reduce((sum, weight, i) => sum + weight * linear[i]!, 0),
              0,
            ),
            1,
          ),
        )
        return lightness(seen as unknown as Rgb)
      })
      for (let i = 1; i < levels.length; i++) expect(levels[i]! - levels[i - 1]!).toBeGreaterThan(1)
      expect(levels.at(-1)! - levels[0]!).toBeGreaterThan(65)
    },
  )
})

describe('toneTable', () => {
  it('is the grey itself by default', () => {
    const table = toneTable(plain)
    expect(at(table, 0)).toEqual([0, 0, 0])
    expect(at(table, TONE_STEPS - 1)).toEqual([1, 1, 1])
    expect(at(table, 512)[0]).toBeCloseTo(512 / 1023)
  })

  it('brightens with a gamma below 1, before and after inversion, and leaves the ends', () => {
    for (const invert of [false, true]) {
      const [bright, even, dark] = [0.5, 1, 2].map((gamma) => toneTable({ ...plain, invert, gamma })) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ]
      expect(at(bright, 300)[0]).toBeGreaterThan(at(even, 300)[0])
      expect(at(even, 300)[0]).toBeGreaterThan(at(dark, 300)[0])
      expect(at(bright, 0)).toEqual(at(dark, 0))
    }
    expect(at(toneTable({ ...plain, gamma: 2 }), 511)[0]).toBeCloseTo((511 / 1023) ** 2)
  })

  it('turns a colour map round when inverted', () => {
    const forth = toneTable({ ...plain, colourMap: 'lagoon' })
    const back = toneTable({ ...plain, colourMap: 'lagoon', invert: true })
    for (const step of [0, 100, 700, 1023]) {
      at(back, step).forEach((value, channel) =>
        expect(value).toBeCloseTo(at(forth, 1023 - step)[channel]!, 5),
      )
    }
  })
})

describe('toneGradient', () => {
  it('has the colours in their order between two positions', () => {
    const gradient = toneGradient(plain, '10%', '60%')
    expect(gradient).toMatch(/^linear-gradient\(to right, rgb\(0 0 0\) calc\(10% \+ \(60% - 10%\) \* 0\),/)
    expect(gradient).toMatch(/rgb\(255 255 255\) calc\(10% \+ \(60% - 10%\) \* 1\)\)$/)
  })
})
