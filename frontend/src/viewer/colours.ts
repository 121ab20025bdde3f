/** From a grey to the colour it is drawn in: inversion, gamma and a colour map, the same for WebGL and canvas. */

/**
 * Own colour maps. Lightness (OKLab) rises in equal steps, so that order is read without the hues: they hold for
 * people with any colour vision, and printed in grey.
 */
const STOPS = {
  grey: ['#000000', '#ffffff'],
  /** Violet over teal to yellow. */
  lagoon: [
    '#2e004d',
    '#32116d',
    '#2f2c80',
    '#274490',
    '#005f94',
    '#007691',
    '#008b91',
    '#00a192',
    '#3bb48c',
    '#6cc581',
    '#95d574',
    '#c2e263',
    '#f2ec50',
  ],
  /** Black over purple and orange to cream. */
  ember: [
    '#010004',
    '#0c011f',
    '#23033e',
    '#40045d',
    '#650969',
    '#8f0d6b',
    '#b91263',
    '#d63c54',
    '#ee6144',
    '#fe8638',
    '#ffb063',
    '#ffd596',
    '#fff5d9',
  ],
  /** Blue over grey to yellow: the two hues that nearly everybody tells apart. */
  dusk: [
    '#001840',
    '#002755',
    '#15395c',
    '#2b4a61',
    '#415a65',
    '#586b68',
    '#6e7c6a',
    '#858d6b',
    '#9d9e6b',
    '#b5b069',
    '#cec165',
    '#e7d35f',
    '#ffe565',
  ],
} as const

export type ColourMap = keyof typeof STOPS
export const COLOUR_MAPS = Object.keys(STOPS) as readonly ColourMap[]
export const GAMMA_LIMITS = [0.3, 3] as const

/** How greys become colours. */
export interface Tone {
  readonly invert: boolean
  /** Greys are raised to this power after inversion: below 1 the picture gets brighter, above 1 darker. */
  readonly gamma: number
  readonly colourMap: ColourMap
}

/** Entries of a tone table; more than 256, or a small gamma shows bands in the darkest greys. */
export const TONE_STEPS = 1024

const parseHex = (hex: string): readonly number[] =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)

/** Red, green and blue (0 to 1) at `fraction` of a colour map. */
function colourAt(stops: readonly (readonly number[])[], fraction: number): readonly number[] {
  const place = fraction * (stops.length - 1)
  const below = Math.min(Math.floor(place), stops.length - 2)
  const [from, to] = [stops[below] ?? [], stops[below + 1] ?? []]
  return from.map((value, channel) => value + ((to[channel] ?? 0) - value) * (place - below))
}

/** TONE_STEPS colours from the low to the high end of the contrast window: red, green, blue, each 0 to 1. */
export function toneTable({ invert, gamma, colourMap }: Tone): Float32Array {
  const stops = STOPS[colourMap].map(parseHex)
  const table = new Float32Array(3 * TONE_STEPS)
  for (let step = 0; step < TONE_STEPS; step++) {
    const grey = step / (TONE_STEPS - 1)
    table.set(colourAt(stops, (invert ? 1 - grey : grey) ** gamma), 3 * step)
  }
  return table
}

/** The colours of a tone as a CSS gradient between two positions, for a ramp beside the picture. */
export function toneGradient(tone: Tone, from: string, to: string): string {
  const table = toneTable(tone)
  const parts = 16
  const stops = Array.from({ length: parts + 1 }, (_, part) => {
    const at = 3 * Math.round((part / parts) * (TONE_STEPS - 1))
    const colour = Array.from(table.subarray(at, at + 3), (value) => Math.round(255 * value)).join(' ')
    return `rgb(${colour}) calc(${from} + (${to} - ${from}) * ${part / parts})`
  })
  return `linear-gradient(to right, ${stops.join(', ')})`
}
