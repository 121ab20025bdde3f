import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { queryKeys } from '../../../api/queryKeys'
import { useProject } from '../../../app/projectContext'
import { centralSlice } from '../../../viewer/centralSlice'
import { fetchVolume } from '../../../viewer/fetchVolume'
import styles from './ClassesPage.module.css'

/** Reference examples of a class, each as the slice through its middle; `under` is shown beneath each. */
export function ExampleSlices({
  ids,
  label,
  under,
}: {
  ids: number[]
  label: string
  under?: (id: number) => ReactNode
}) {
  if (ids.length === 0) return null
  return (
    <ul className={styles.examples} aria-label={label}>
      {ids.map((id) => (
        <li key={id} className={styles.example}>
          <ExampleSlice id={id} />
          {under?.(id)}
        </li>
      ))}
    </ul>
  )
}

function ExampleSlice({ id }: { id: number }) {
  const { slug, voxel_size_angstrom: voxelSize } = useProject()
  const url = `/api/v1/projects/${slug}/subtomograms/${id}/volume`
  const { data: volume } = useQuery({
    queryKey: queryKeys.volume(url),
    queryFn: () => fetchVolume(url, voxelSize),
    staleTime: Infinity,
    gcTime: 60_000,
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
  return <canvas ref={canvas} className={styles.slice} role="img" aria-label={`Subtomogram ${id}`} />
}
