/** Makes the two filtered copies the viewer draws, and counts their bytes; pure, so that the web worker and the tests share it. */
import { counted } from './contrast'
import { blur, toDisplay } from './lowPass'
import type { DisplayVolume } from './volume'

export interface CopiesRequest {
  readonly raw: DisplayVolume
  /** Gaussian σ in voxels for the slices; 0 keeps the raw volume. */
  readonly sliceSigma: number
  /** Gaussian σ in voxels for the 3D view. */
  readonly densitySigma: number
  /** True where protein is dark: the 3D view then shows the negative, so that protein is bright there. */
  readonly proteinIsDark: boolean
}

export interface DisplayCopies {
  readonly slices: DisplayVolume
  /** Protein is bright here, whatever its sign in the file. */
  readonly density: DisplayVolume
}

export function makeDisplayCopies(request: CopiesRequest): DisplayCopies {
  const { raw, sliceSigma, densitySigma, proteinIsDark } = request
  const values = new Float32Array(raw.bytes.length)
  for (let i = 0; i < values.length; i++) values[i] = raw.sigmaAtZero + raw.sigmaPerByte * raw.bytes[i]!
  const smooth = blur(values, raw.shape, densitySigma)
  const slices =
    sliceSigma === 0
      ? raw
      : toDisplay(sliceSigma === densitySigma ? smooth : blur(values, raw.shape, sliceSigma), raw.shape)
  const density = proteinIsDark ? smooth.map((value) => -value) : smooth
  return { slices: counted(slices), density: counted(toDisplay(density, raw.shape)) }
}
