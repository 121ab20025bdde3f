import { useEffect, useMemo, useState } from 'react'
import type { StripLayer } from './LayerStrip'
import { effectiveLowPass, type ViewState } from './viewState'
import { formatLength, rawDisplay, workingVoxelSize, type DisplayVolume, type Volume } from './volume'
import type { VolumeViewer } from './VolumeViewer'

/** The three layers of a volume for the strip; the low-passed one is filtered by the viewer's own worker. */
export function useLayers(
  viewer: VolumeViewer | null,
  volume: Volume | null,
  denoised: Volume | null,
  denoisedNote: string | null,
  state: ViewState,
): readonly StripLayer[] {
  const isOpen = state.layersOpen
  const lowPassed = useLowPassed(isOpen ? viewer : null, volume, state.lowPassAngstrom)
  const raw = useMemo(() => (volume === null ? null : rawDisplay(volume)), [volume])
  const clean = useMemo(() => (denoised === null ? null : rawDisplay(denoised)), [denoised])
  const voxel = volume?.voxelSizeAngstrom ?? null
  const cutoff = effectiveLowPass({ ...state, lowPassOn: true }, workingVoxelSize(voxel))
  return [
    { title: 'Raw', display: raw, missing: '' },
    { title: `Low-pass ${formatLength(cutoff, voxel)}`, display: lowPassed, missing: 'Being filtered…' },
    { title: 'Denoised', display: clean, missing: denoisedNote ?? '' },
  ]
}

function useLowPassed(
  viewer: VolumeViewer | null,
  volume: Volume | null,
  cutoff: number | null,
): DisplayVolume | null {
  const [filtered, setFiltered] = useState<{ of: Volume; display: DisplayVolume } | null>(null)
  useEffect(() => {
    if (viewer === null || volume === null) return
    let ended = false
    void viewer.lowPassed(volume).then(
      (display) => ended || setFiltered({ of: volume, display }),
      () => undefined, // The panes say when the filter fails.
    )
    return () => {
      ended = true
    }
  }, [viewer, volume, cutoff])
  return filtered !== null && filtered.of === volume ? filtered.display : null
}
