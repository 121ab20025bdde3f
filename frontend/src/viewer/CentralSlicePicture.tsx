/** A small picture of a particle: the slice through its middle, loaded when it comes in sight. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, type ReactElement } from 'react'
import { queryKeys } from '../api/queryKeys'
import { centralSlice } from './centralSlice'
import { fetchVolume } from './fetchVolume'

export interface CentralSlicePictureProps {
  /** Where the voxels are. */
  readonly url: string
  readonly label: string
  readonly className: string | undefined
}

/** Empty where the voxels cannot be had. */
export function CentralSlicePicture({ url, label, className }: CentralSlicePictureProps): ReactElement {
  const { data: volume } = useQuery({
    queryKey: [...queryKeys.volume(url), 'picture'],
    queryFn: ({ signal }) => fetchVolume(url, null, signal),
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
  })
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const target = canvas.current
    const context = target?.getContext('2d')
    if (!target || !context || !volume) return
    const { width, height, pixels } = centralSlice(volume, 'xy')
    target.width = width
    target.height = height
    context.putImageData(new ImageData(pixels, width, height), 0, 0)
  }, [volume])
  return <canvas ref={canvas} className={className} role="img" aria-label={label} />
}
