/** Noisy made-up particles for looking at the label page without a service. */

type Density = (x: number, y: number, z: number) => number

const soft = (distance: number): number => 1 / (1 + Math.exp(3 * distance))
const tube =
  (radius: number, wall: number, height: number): Density =>
  (x, y, z) =>
    soft(Math.abs(Math.hypot(x, y) - radius) - wall) * soft(Math.abs(z) - height)

export const PHANTOMS: readonly { readonly name: string; readonly density: Density }[] = [
  { name: 'barrel', density: tube(5, 1.6, 6) },
  {
    name: 'double ring',
    density: (x, y, z) => tube(6, 1.5, 1.4)(x, y, z - 4) + tube(6, 1.5, 1.4)(x, y, z + 4),
  },
  { name: 'hollow sphere', density: (x, y, z) => soft(Math.abs(Math.hypot(x, y, z) - 6.5) - 1.3) },
  { name: 'rod', density: (x, y, z) => soft(Math.hypot(x, y) - 2.2) * soft(Math.abs(z) - 9) },
  {
    name: 'Y',
    density: (x, y, z) =>
      Math.max(
        ...[0, 2.1, 4.2].map((angle) => {
          const along = x * Math.cos(angle) + z * Math.sin(angle)
          const across = Math.hypot(-x * Math.sin(angle) + z * Math.cos(angle), y)
          return soft(across - 2) * soft(Math.abs(along - 4.5) - 4.5)
        }),
      ),
  },
  {
    name: 'bilobed blob',
    density: (x, y, z) => Math.max(soft(Math.hypot(x, y, z - 4.2) - 4), soft(Math.hypot(x, y, z + 4) - 3.4)),
  },
]

function random(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
}

interface SentVolume {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly headers: Headers
}

const made = new Map<string, SentVolume>()
const DIFFERENT = 24

/** A rotated phantom, dark on noise, as the service would send it; made once, so that it costs the page little. */
export function phantomVolume(index: number, box: number, snr: number): SentVolume {
  const key = `${index % DIFFERENT}/${box}/${snr}`
  const volume = made.get(key) ?? makeVolume(index % DIFFERENT, box, snr)
  made.set(key, volume)
  return volume
}

function makeVolume(index: number, box: number, snr: number): SentVolume {
  const next = random(index * 7919 + 17)
  for (let i = 0; i < 5; i++) next()
  const phantom = PHANTOMS[index % PHANTOMS.length]
  const [a, b] = [next() * 2 * Math.PI, Math.acos(2 * next() - 1)]
  const [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)]
  const signal = new Float32Array(box ** 3)
  const middle = (box - 1) / 2
  for (let i = 0; i < signal.length; i++) {
    const x = (i % box) - middle
    const y = (Math.floor(i / box) % box) - middle
    const z = Math.floor(i / box ** 2) - middle
    const [u, v] = [ca * x + sa * y, -sa * x + ca * y]
    signal[i] = phantom?.density(cb * u - sb * z, v, sb * u + cb * z) ?? 0
  }
  const mean = signal.reduce((sum, value) => sum + value, 0) / signal.length
  const variance = signal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / signal.length
  const noise = Math.sqrt(variance / snr)
  const values = signal.map(
    (value) => -value + noise * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()),
  )
  const average = values.reduce((sum, value) => sum + value, 0) / values.length
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length)
  const [low, high] = [average - 3.3 * std, average + 3.3 * std]
  const scale = (high - low) / 255
  const bytes = Uint8Array.from(values, (value) =>
    Math.min(255, Math.max(0, Math.round((value - low) / scale))),
  )
  const headers = new Headers({
    'X-Volume-Shape': `${box},${box},${box}`,
    'X-Volume-Scale': String(scale),
    'X-Volume-Offset': String(low),
    'X-Volume-Mean': String(average),
    'X-Volume-Std': String(std),
  })
  return { bytes, headers }
}
