import { rawRequest } from '../api/rawRequest'
import { decodeVolume, type Volume } from './volume'

/** Download a volume. Throws `ApiProblem`, `ConnectionError` or `VolumeFormatError`. */
export async function fetchVolume(
  url: string,
  voxelSizeAngstrom: number | null,
  signal?: AbortSignal,
): Promise<Volume> {
  const response = await rawRequest(url, signal && { signal })
  return decodeVolume(url, voxelSizeAngstrom, response.headers, await response.arrayBuffer())
}
