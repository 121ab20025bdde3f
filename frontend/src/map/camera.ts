/** Which part of the map is on screen. Map units are those of the layout; the screen counts CSS pixels from its top left. */

export interface Camera {
  /** The map's point in the middle of the screen. */
  readonly x: number
  readonly y: number
  /** Pixels a map unit. */
  readonly scale: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Place {
  readonly x: number
  readonly y: number
}

/** Of the screen left free around the whole map. */
const MARGIN = 0.06
/** Height of the tools that lie over the map's top edge, in pixels. */
const TOOLS = 56
/** Single particles far outside must not make all others a dot. */
const LEFT_OUT = 0.001
export const FURTHEST_IN = 400

/** The camera that shows the whole map, but for its farthest outliers. */
export function wholeMap(points: Float32Array, size: Size): Camera {
  const [left, right] = range(points, 0)
  const [bottom, top] = range(points, 1)
  const free = 1 - 2 * MARGIN
  const height = Math.max(size.height - TOOLS, 1)
  const scale = Math.min(
    (free * Math.max(size.width, 1)) / Math.max(right - left, 1e-6),
    (free * height) / Math.max(top - bottom, 1e-6),
  )
  return { x: (left + right) / 2, y: (bottom + top) / 2 + TOOLS / 2 / scale, scale }
}

function range(points: Float32Array, axis: 0 | 1): [number, number] {
  const values = new Float32Array(points.length / 2)
  for (let at = 0; at < values.length; at++) values[at] = points[2 * at + axis]!
  values.sort()
  if (values.length === 0) return [-1, 1]
  const last = values.length - 1
  return [values[Math.floor(LEFT_OUT * last)]!, values[Math.ceil((1 - LEFT_OUT) * last)]!]
}

/** The map's y grows upwards, the screen's downwards. */
export function toScreen(camera: Camera, size: Size, { x, y }: Place): Place {
  return {
    x: size.width / 2 + (x - camera.x) * camera.scale,
    y: size.height / 2 - (y - camera.y) * camera.scale,
  }
}

export function toMap(camera: Camera, size: Size, { x, y }: Place): Place {
  return {
    x: camera.x + (x - size.width / 2) / camera.scale,
    y: camera.y - (y - size.height / 2) / camera.scale,
  }
}

/** Moved so that what was under the pointer follows it by so many pixels. */
export function panned(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y + dy / camera.scale }
}

/** Nearer by `factor`, with what is under the pointer kept there; never far beyond `whole`. */
export function zoomed(camera: Camera, size: Size, at: Place, factor: number, whole: Camera): Camera {
  const scale = Math.min(Math.max(camera.scale * factor, whole.scale / 2), whole.scale * FURTHEST_IN)
  const fixed = toMap(camera, size, at)
  return {
    x: fixed.x - (at.x - size.width / 2) / scale,
    y: fixed.y + (at.y - size.height / 2) / scale,
    scale,
  }
}
