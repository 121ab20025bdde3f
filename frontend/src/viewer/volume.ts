/**
 * A subtomogram as it comes from the service, and the 8-bit copies that are drawn.
 *
 * Voxels are `(z, y, x)` in C order: the byte of voxel (z, y, x) lies at `(z * ny + y) * nx + x`.
 */

export type Shape = readonly [nz: number, ny: number, nx: number]

/** A downloaded subtomogram. The density of a voxel is `offset + scale * byte`. */
export interface Volume {
  /** Unique among all volumes of this page: the viewer caches filtered copies under it. */
  readonly id: string
  readonly shape: Shape
  /** Null where the particle list does not say. */
  readonly voxelSizeAngstrom: number | null
  readonly bytes: Uint8Array
  readonly scale: number
  readonly offset: number
  readonly mean: number
  readonly std: number
}

/** What is drawn: bytes and the line that turns a byte into standard deviations of this copy. */
export interface DisplayVolume {
  readonly shape: Shape
  readonly bytes: Uint8Array
  readonly sigmaPerByte: number
  readonly sigmaAtZero: number
  /** How many voxels have each byte; not there before the worker has counted. */
  readonly counts?: Uint32Array
}

/** The volume came, but its headers or its length do not fit each other. */
export class VolumeFormatError extends Error {
  override readonly name = 'VolumeFormatError'
}

function headerNumber(headers: Headers, name: string): number {
  const text = headers.get(name)
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isFinite(value)) {
    throw new VolumeFormatError(
      `The volume came without a usable ${name} header. Reload the page; if it stays, tell your administrator.`,
    )
  }
  return value
}

function headerShape(headers: Headers): Shape {
  const parts = (headers.get('X-Volume-Shape') ?? '').split(',').map(Number)
  const [nz, ny, nx] = parts
  if (
    parts.length !== 3 ||
    !nz ||
    !ny ||
    !nx ||
    parts.some((n) => !Number.isInteger(n) || n < 2 || n > 1024)
  ) {
    throw new VolumeFormatError(
      'The volume came without a usable X-Volume-Shape header (three whole numbers: z, y, x).',
    )
  }
  return [nz, ny, nx]
}

/** Read a volume from the response headers and body of `GET {volume_url}`. */
export function decodeVolume(
  id: string,
  voxelSizeAngstrom: number | null,
  headers: Headers,
  body: ArrayBuffer,
): Volume {
  const shape = headerShape(headers)
  const bytes = new Uint8Array(body)
  const expected = shape[0] * shape[1] * shape[2]
  if (bytes.length !== expected) {
    throw new VolumeFormatError(`The volume is cut short: ${bytes.length} of ${expected} voxels came.`)
  }
  return {
    id,
    shape,
    voxelSizeAngstrom,
    bytes,
    scale: headerNumber(headers, 'X-Volume-Scale'),
    offset: headerNumber(headers, 'X-Volume-Offset'),
    mean: headerNumber(headers, 'X-Volume-Mean'),
    std: headerNumber(headers, 'X-Volume-Std'),
  }
}

/** The unfiltered volume in standard deviations from its own mean; shares the bytes. */
export function rawDisplay(volume: Volume): DisplayVolume {
  const std = volume.std > 0 ? volume.std : 1
  return {
    shape: volume.shape,
    bytes: volume.bytes,
    sigmaPerByte: volume.scale / std,
    sigmaAtZero: (volume.offset - volume.mean) / std,
  }
}

export function byteToSigma(display: DisplayVolume, byte: number): number {
  return display.sigmaAtZero + display.sigmaPerByte * byte
}

export function sigmaToByte(display: DisplayVolume, sigma: number): number {
  return display.sigmaPerByte > 0 ? (sigma - display.sigmaAtZero) / display.sigmaPerByte : 0
}

/** Stands in where the voxel size is unknown, so that filters keep their range; lengths are then given in voxels. */
const ASSUMED_VOXEL_ANGSTROM = 10

export function workingVoxelSize(voxelSizeAngstrom: number | null): number {
  return voxelSizeAngstrom !== null && voxelSizeAngstrom > 0 ? voxelSizeAngstrom : ASSUMED_VOXEL_ANGSTROM
}

/** A length for people: "40 Å", or "4.0 voxels" where the voxel size is unknown. */
export function formatLength(angstrom: number, voxelSizeAngstrom: number | null): string {
  if (voxelSizeAngstrom === null) return `${(angstrom / ASSUMED_VOXEL_ANGSTROM).toFixed(1)} voxels`
  return `${Math.round(angstrom)} Å`
}
