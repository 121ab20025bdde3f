/** Which layer of a particle the panes show, and how its copies are filtered. */
import { LEAST_DENSITY_SIGMA, type DisplaySettings } from './displayPreparer'
import { gaussianSigmaVoxels } from './lowPass'
import { effectiveLowPass, type ViewState } from './viewState'
import { formatLength, workingVoxelSize, type Volume } from './volume'

/** The volume whose copies are drawn: the denoised one where it is wanted and there. */
export function shownSource(state: ViewState, volume: Volume | null, denoised: Volume | null): Volume | null {
  return state.denoised && denoised !== null ? denoised : volume
}

/** How the copies of a source are made; a denoised one is not filtered again. */
export function displaySettings(
  state: ViewState,
  source: Volume,
  isDenoised: boolean,
  proteinIsDark: boolean,
): DisplaySettings {
  const voxel = workingVoxelSize(source.voxelSizeAngstrom)
  return { lowPassAngstrom: isDenoised ? 0 : effectiveLowPass(state, voxel), proteinIsDark }
}

/** The layer's name and the low-pass of the 3D copy in ångström, for the words in the picture. */
export function layerWords(
  state: ViewState,
  volume: Volume | null,
  denoised: Volume | null,
  proteinIsDark: boolean,
): { layer: string; densityAngstrom: number } {
  const source = shownSource(state, volume, denoised)
  if (source === null) return { layer: '', densityAngstrom: 0 }
  const isDenoised = source !== volume
  const { lowPassAngstrom } = displaySettings(state, source, isDenoised, proteinIsDark)
  const voxel = workingVoxelSize(source.voxelSizeAngstrom)
  const unfiltered = isDenoised ? 'denoised' : 'raw'
  return {
    layer:
      lowPassAngstrom > 0
        ? `low-pass ${formatLength(lowPassAngstrom, source.voxelSizeAngstrom)}`
        : unfiltered,
    densityAngstrom: Math.max(lowPassAngstrom, LEAST_DENSITY_SIGMA / gaussianSigmaVoxels(1, voxel)),
  }
}
