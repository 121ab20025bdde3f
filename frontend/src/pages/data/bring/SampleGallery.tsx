import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { PreviewSample } from '../../../api/types'
import { Dialog } from '../../../design/Dialog'
import { ErrorNotice } from '../../../design/Notice'
import { formatPercent } from '../../../format/numbers'
import { centralSlice, slabDepth, type SlicePlane } from '../../../viewer/centralSlice'
import { fetchVolume } from '../../../viewer/fetchVolume'
import type { Volume } from '../../../viewer/volume'
import styles from './SampleGallery.module.css'

/** A few volumes of a preview, each as the slice through its middle; a click shows it large, from three sides. */
export function SampleGallery({
  samples,
  voxelSizeAngstrom,
}: {
  samples: PreviewSample[]
  voxelSizeAngstrom: number | null
}) {
  const [opened, setOpened] = useState<PreviewSample | null>(null)
  return (
    <>
      <ul className={styles.gallery} aria-label="Sample volumes">
        {samples.map((sample) => (
          <li key={sample.number}>
            <SampleTile sample={sample} voxelSize={voxelSizeAngstrom} onOpen={() => setOpened(sample)} />
          </li>
        ))}
      </ul>
      {opened && (
        <SampleDialog sample={opened} voxelSize={voxelSizeAngstrom} onClose={() => setOpened(null)} />
      )}
    </>
  )
}

function useSample(sample: PreviewSample, voxelSize: number | null) {
  return useQuery({
    queryKey: ['volume', sample.volume_url],
    queryFn: () => fetchVolume(sample.volume_url, voxelSize),
    staleTime: Infinity,
    gcTime: 60_000,
  })
}

function SampleTile({
  sample,
  voxelSize,
  onOpen,
}: {
  sample: PreviewSample
  voxelSize: number | null
  onOpen: () => void
}) {
  const { data: volume, isError } = useSample(sample, voxelSize)
  return (
    <button type="button" className={styles.tile} aria-label={`Enlarge ${sample.name}`} onClick={onOpen}>
      {volume ? (
        <Slice volume={volume} plane="xy" />
      ) : (
        <span className={styles.blank}>{isError && 'failed'}</span>
      )}
      <span className={styles.caption}>row {sample.row}</span>
    </button>
  )
}

const SIDES: { plane: SlicePlane; title: string }[] = [
  { plane: 'xy', title: 'XY, from above' },
  { plane: 'xz', title: 'XZ' },
  { plane: 'yz', title: 'YZ' },
]

function SampleDialog({
  sample,
  voxelSize,
  onClose,
}: {
  sample: PreviewSample
  voxelSize: number | null
  onClose: () => void
}) {
  const { data: volume, error } = useSample(sample, voxelSize)
  return (
    <Dialog title={sample.name} onClose={onClose} wide>
      <p className={styles.about}>
        Row {sample.row} of the list
        {sample.tomogram !== null && `, in ${sample.tomogram}`}
        {sample.padded > 0 && `; ${formatPercent(sample.padded)} of its box lies outside the tomogram`}.
        {volume &&
          ` Each picture averages the middle ${slabDepth(volume.shape[0])} of ${volume.shape[0]} slices.`}
      </p>
      {error && <ErrorNotice error={error} />}
      {volume && (
        <div className={styles.sides}>
          {SIDES.map(({ plane, title }) => (
            <figure key={plane}>
              <Slice volume={volume} plane={plane} />
              <figcaption>{title}</figcaption>
            </figure>
          ))}
        </div>
      )}
    </Dialog>
  )
}

function Slice({ volume, plane }: { volume: Volume; plane: SlicePlane }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const target = canvas.current
    const context = target?.getContext('2d')
    if (!target || !context) return
    const { width, height, pixels } = centralSlice(volume, plane)
    target.width = width
    target.height = height
    context.putImageData(new ImageData(pixels, width, height), 0, 0)
  }, [volume, plane])
  return <canvas ref={canvas} className={styles.slice} aria-hidden="true" />
}
