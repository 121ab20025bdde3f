/** Draws the particles of the map into the pixels of a canvas; no WebGL, so it looks the same everywhere. */
import type { Camera } from './camera'
import type { Look } from './look'
import { stampOf, type Stamp } from './stamps'

/** --viewer-bg, as 0xAABBGGRR. */
const BACKGROUND = 0xff120f0d
const FAINT = 0.22
const RED_BLUE = 0xff00ff
const GREEN = 0x00ff00

export class PointPainter {
  private image: ImageData | null = null
  private pixels = new Uint32Array(0)
  private width = 0
  private height = 0

  constructor(private readonly context: CanvasRenderingContext2D) {}

  /** Device pixels of the canvas. */
  setSize(width: number, height: number): void {
    ;[this.width, this.height] = [width, height]
    const bytes = new Uint8ClampedArray(4 * width * height)
    this.pixels = new Uint32Array(bytes.buffer)
    this.image = new ImageData(bytes, width, height)
  }

  /** `camera` in device pixels a map unit; `diameter` of the marks in device pixels. */
  paint(points: Float32Array, look: Look, camera: Camera, diameter: number): void {
    this.pixels.fill(BACKGROUND)
    const { groups, groupOf } = look.grouping
    const colours = groups.map(({ color }) => packed(color, 1))
    const faint = groups.map(({ color }) => packed(color, FAINT))
    const stamps = groups.map(({ shape }) => this.placed(stampOf(shape, diameter)))
    const [x0, y0] = [this.width / 2 - camera.x * camera.scale, this.height / 2 + camera.y * camera.scale]
    for (let each = 0; each < look.order.length; each++) {
      const at = look.order[each]!
      const x = Math.round(x0 + points[2 * at]! * camera.scale)
      const y = Math.round(y0 - points[2 * at + 1]! * camera.scale)
      const group = groupOf[at]!
      this.stamp(stamps[group]!, x, y, (each < look.faint ? faint : colours)[group]!)
    }
  }

  /** Put what was painted last onto the canvas. */
  show(): void {
    if (this.image !== null) this.context.putImageData(this.image, 0, 0)
  }

  private placed(stamp: Stamp): PlacedStamp {
    const offsets = stamp.dx.map((dx, at) => stamp.dy[at]! * this.width + dx)
    return { stamp, offsets }
  }

  private stamp({ stamp, offsets }: PlacedStamp, x: number, y: number, colour: number): void {
    const { reach, alpha, dx, dy } = stamp
    const { pixels, width, height } = this
    if (x < -reach || y < -reach || x >= width + reach || y >= height + reach) return
    const base = y * width + x
    const isWhole = x >= reach && y >= reach && x < width - reach && y < height - reach
    for (let at = 0; at < offsets.length; at++) {
      if (!isWhole && !this.isInside(x + dx[at]!, y + dy[at]!)) continue
      const pixel = base + offsets[at]!
      const part = alpha[at]!
      pixels[pixel] = part === 256 ? colour : mixed(pixels[pixel]!, colour, part)
    }
  }

  private isInside(x: number, y: number): boolean {
    return x >= 0 && y >= 0 && x < this.width && y < this.height
  }
}

interface PlacedStamp {
  readonly stamp: Stamp
  /** Of its pixels from its middle, in the pixels of this canvas. */
  readonly offsets: Int32Array
}

/** `part` (0..256) of `colour` over `under`. */
function mixed(under: number, colour: number, part: number): number {
  const rest = 256 - part
  const redBlue = (Math.imul(under & RED_BLUE, rest) + Math.imul(colour & RED_BLUE, part)) >>> 8
  const green = (Math.imul(under & GREEN, rest) + Math.imul(colour & GREEN, part)) >>> 8
  return (0xff000000 | (redBlue & RED_BLUE) | (green & GREEN)) >>> 0
}

/** `#rrggbb` over the background, as 0xAABBGGRR. */
function packed(color: string, opacity: number): number {
  const number = Number.parseInt(color.slice(1), 16)
  const swapped = ((number & 0xff) << 16) | (number & 0xff00) | (number >>> 16)
  return mixed(BACKGROUND, swapped, Math.round(256 * opacity))
}
