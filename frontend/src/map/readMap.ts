/** The map of the pool as the service sends it: a safetensors file of columns, and what their numbers mean. */

export interface MapValue {
  readonly kind: 'class' | 'junk' | 'unsure'
  readonly class_id: string | null
  readonly name: string
  readonly color: string | null
}

export interface BetterMap {
  readonly job_id: string
  readonly state: 'queued' | 'running' | 'failed' | 'cancelled'
  readonly progress: { readonly done?: number | null; readonly total?: number | null }
  readonly detail: string | null
}

export interface MapLegend {
  readonly cycle_number: number
  readonly method: 'pca' | 'umap'
  readonly values: readonly MapValue[]
  readonly tomograms: readonly string[]
  readonly placed: number
  readonly shown: number
  readonly withheld: number
  readonly is_thinned: boolean
  readonly is_calibrated: boolean
  readonly better: BetterMap | null
}

export const NOTHING = -1
export const UNKNOWN_CONFIDENCE = 255

/** One entry a particle in each column. */
export interface ParticleMap {
  readonly legend: MapLegend
  readonly count: number
  readonly ids: Float64Array
  /** x and y of each particle, one after the other. */
  readonly points: Float32Array
  /** Numbers of `legend.values`, NOTHING for none. */
  readonly label: Int16Array
  readonly prediction: Int16Array
  /** Per cent; UNKNOWN_CONFIDENCE where there is none. */
  readonly confidence: Uint8Array
  /** The cycle that picked it; 0: none. */
  readonly cycle: Int32Array
  /** Numbers of `legend.tomograms`, NOTHING for none. */
  readonly tomogram: Int32Array
}

/** The answer came, but is not what it should be. */
export class MapFormatError extends Error {
  override readonly name = 'MapFormatError'
}

interface Entry {
  readonly dtype: string
  readonly data_offsets: readonly [number, number]
}

const HEADER_LENGTH_BYTES = 8

/** @throws MapFormatError */
export function readMap(body: ArrayBuffer): ParticleMap {
  const { header, data } = splitFile(body)
  const column = <Numbers>(
    name: string,
    dtype: string,
    read: new (bytes: ArrayBuffer) => Numbers,
  ): Numbers => {
    const entry = header[name] as Entry | undefined
    if (entry?.dtype !== dtype) throw new MapFormatError(`The map came without its column ${name}.`)
    const [from, to] = entry.data_offsets
    return new read(data.slice(from, to))
  }
  const legend = (header['__metadata__'] as { legend?: string } | undefined)?.legend
  if (legend === undefined) throw new MapFormatError('The map came without its legend.')
  const ids = Float64Array.from(column('item_ids', 'I64', BigInt64Array), Number)
  const points = column('points', 'F32', Float32Array)
  if (points.length !== 2 * ids.length) throw new MapFormatError('The map is cut short.')
  return {
    legend: JSON.parse(legend) as MapLegend,
    count: ids.length,
    ids,
    points,
    label: column('label', 'I16', Int16Array),
    prediction: column('prediction', 'I16', Int16Array),
    confidence: column('confidence', 'U8', Uint8Array),
    cycle: column('cycle', 'I32', Int32Array),
    tomogram: column('tomogram', 'I32', Int32Array),
  }
}

function splitFile(body: ArrayBuffer): { header: Record<string, unknown>; data: ArrayBuffer } {
  if (body.byteLength >= HEADER_LENGTH_BYTES) {
    const length = Number(new DataView(body).getBigUint64(0, true))
    const start = HEADER_LENGTH_BYTES + length
    if (start <= body.byteLength) {
      const text = new TextDecoder().decode(new Uint8Array(body, HEADER_LENGTH_BYTES, length))
      return { header: JSON.parse(text) as Record<string, unknown>, data: body.slice(start) }
    }
  }
  throw new MapFormatError('The map is cut short. Reload the page; if it stays, tell your administrator.')
}
