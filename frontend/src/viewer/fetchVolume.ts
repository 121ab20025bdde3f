import { rawRequest } from '../api/rawRequest'
import { decodeVolume, type Volume } from './volume'

/** Download a volume. Throws `ApiProblem`, `ConnectionError` or `VolumeFormatError`. */
export async function fetchVolume(url: string, voxelSizeAngstrom: number | null): Promise<Volume> {
  const response = await rawRequest(url)
  return decodeVolume(url, voxelSizeAngstrom, response.headers, await response.arrayBuffer())
}
