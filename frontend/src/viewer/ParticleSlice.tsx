import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, type ReactElement } from 'react'
import { voxelsQuery } from '../api/particles'
import { centralSlice } from './centralSlice'
import styles from './ParticleSlice.module.css'

/** A particle as the slice through its middle, as wide as its place allows; dark until its voxels are there. */
export function ParticleSlice({
  url,
  voxelSizeAngstrom,
  label,
}: {
  readonly url: string
  readonly voxelSizeAngstrom: number | null
  readonly label: string
}): ReactElement {
  const { data: volume } = useQuery(voxelsQuery(url, voxelSizeAngstrom))
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
  return <canvas ref={canvas} className={styles.slice} role="img" aria-label={label} />
}
