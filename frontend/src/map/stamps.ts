/** The marks that stand for particles, as coverage of pixels: drawn by hand, because 100,000 canvas paths are slow. */
import type { Shape } from './grouping'

/** Pixels of a mark, from its middle; `alpha` is 0..256. */
export interface Stamp {
  readonly dx: Int32Array
  readonly dy: Int32Array
  readonly alpha: Int32Array
  /** How far it reaches from its middle. */
  readonly reach: number
}

/** Below this, shapes look alike; all are full squares, which are the quickest. */
const SMALLEST_SHAPE = 6
const FULL = 256
const SAMPLES = 4

const cache = new Map<string, Stamp>()

/** The mark of a shape, `diameter` pixels wide. */
export function stampOf(shape: Shape, diameter: number): Stamp {
  const key = `${shape}/${diameter}`
  let stamp = cache.get(key)
  if (stamp === undefined) {
    stamp = diameter < SMALLEST_SHAPE ? fullSquare(diameter) : draw(shape, diameter)
    cache.set(key, stamp)
  }
  return stamp
}

function fullSquare(edge: number): Stamp {
  const first = -Math.floor(edge / 2)
  const pixels = Array.from({ length: edge * edge }, (_, at) => at)
  return {
    dx: Int32Array.from(pixels, (at) => first + (at % edge)),
    dy: Int32Array.from(pixels, (at) => first + Math.floor(at / edge)),
    alpha: new Int32Array(edge * edge).fill(FULL),
    reach: -first,
  }
}

function draw(shape: Shape, diameter: number): Stamp {
  // Of the same area, as far as the eye goes: a square of a disc's width looks larger.
  const radius = diameter / 2
  const reach = Math.ceil(radius)
  const [dx, dy, alpha]: [number[], number[], number[]] = [[], [], []]
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      let hits = 0
      for (let sub = 0; sub < SAMPLES * SAMPLES; sub++) {
        const px = x - 0.5 + ((sub % SAMPLES) + 0.5) / SAMPLES
        const py = y - 0.5 + (Math.floor(sub / SAMPLES) + 0.5) / SAMPLES
        if (covers(shape, px / radius, py / radius)) hits += 1
      }
      if (hits === 0) continue
      dx.push(x)
      dy.push(y)
      alpha.push(Math.round((FULL * hits) / SAMPLES ** 2))
    }
  }
  return { dx: Int32Array.from(dx), dy: Int32Array.from(dy), alpha: Int32Array.from(alpha), reach }
}

/** Whether a shape within the circle of radius 1 covers (x, y), y growing downwards. */
function covers(shape: Shape, x: number, y: number): boolean {
  const [width, height] = [Math.abs(x), Math.abs(y)]
  switch (shape) {
    case 'disc':
      return Math.hypot(x, y) <= 0.95
    case 'dot':
      return Math.hypot(x, y) <= 0.66
    case 'ring':
      return Math.hypot(x, y) <= 1 && Math.hypot(x, y) >= 0.55
    case 'square':
      return width <= 0.8 && height <= 0.8
    case 'diamond':
      return width + height <= 1.05
    case 'triangle':
      return y <= 0.75 && y >= -0.95 && width <= (0.6 * (y + 0.95)) / 0.95
    case 'cross':
      return (width <= 0.32 && height <= 0.95) || (height <= 0.32 && width <= 0.95)
  }
}
