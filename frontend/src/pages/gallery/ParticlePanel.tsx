import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { queryKeys } from '../../api/queryKeys'
import type { Project, User } from '../../api/types'
import { IconButton } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import { formatCount, formatPercent } from '../../format/numbers'
import { saidName } from '../../gallery/marks'
import type { GalleryItem } from '../../gallery/types'
import { useDenoised } from '../../label/useDenoised'
import { fetchVolume } from '../../viewer/fetchVolume'
import { createViewStore } from '../../viewer/viewStore'
import styles from './ParticlePanel.module.css'

// vtk.js is larger than the rest of the interface: it comes with the first particle that is opened.
const ViewerStage = lazy(() => import('../../viewer/ViewerStage'))

interface ParticlePanelProps {
  project: Project
  user: User
  /** Null while it is being read. */
  item: GalleryItem | null
  rank: number
  onClose: () => void
}

/** One particle in the viewer, beside the gallery. */
export function ParticlePanel({ project, user, item, rank, onClose }: ParticlePanelProps) {
  const [viewStore] = useState(() => createViewStore(user.id, project.id))
  const wantsDenoised = useStore(viewStore, ({ denoised, layersOpen }) => denoised || layersOpen)
  const voxelSize = project.voxel_size_angstrom
  const url = item?.volume_url ?? ''
  const { data, error } = useQuery({
    queryKey: queryKeys.volume(url),
    queryFn: () => fetchVolume(url, voxelSize),
    enabled: item !== null,
    staleTime: Infinity,
    gcTime: 60_000,
  })
  const particles = item === null ? [] : [{ id: item.id, volume_url: url, voxel_size_angstrom: voxelSize }]
  const panel = useRef<HTMLElement>(null)
  // In narrow windows it opens below the tiles.
  useEffect(() => panel.current?.scrollIntoView?.({ block: 'nearest' }), [])
  const denoised = useDenoised(project.slug, particles, wantsDenoised)
  return (
    <aside className={styles.panel} ref={panel} aria-label="Particle">
      <div className={styles.head}>
        <h2>{item?.name ?? `Place ${formatCount(rank + 1)}`}</h2>
        <IconButton icon="close" label="Close the viewer" size="small" onClick={onClose} />
      </div>
      <div className={styles.stage}>
        <Suspense fallback={null}>
          <ViewerStage
            store={viewStore}
            volume={item === null ? null : (data ?? null)}
            upcoming={[]}
            denoised={denoised.volumes}
            denoisedNote={denoised.note}
            proteinIsDark={project.protein_contrast === 'dark'}
            onDisplay={() => undefined}
            onPainted={() => undefined}
          />
        </Suspense>
        {error !== null && (
          <div className={styles.trouble}>
            <ErrorNotice error={error} />
          </div>
        )}
      </div>
      {item !== null && <Facts item={item} rank={rank} project={project} />}
    </aside>
  )
}

function Facts({ item, rank, project }: { item: GalleryItem; rank: number; project: Project }) {
  const { label, prediction } = item
  return (
    // What scrolls must take the focus, or keyboards cannot scroll it.
    <div className={styles.facts} role="region" aria-label="What is known of it" tabIndex={0}>
      <dl>
        <dt>Place</dt>
        <dd>{formatCount(rank + 1)}</dd>
        {item.tomogram !== null && (
          <>
            <dt>Tomogram</dt>
            <dd>{item.tomogram}</dd>
          </>
        )}
        <dt>Label</dt>
        <dd>{label === null ? 'none' : saidName(label, project.classes)}</dd>
        {prediction !== null && (
          <>
            <dt>Model says</dt>
            <dd>
              {saidName(prediction, project.classes)}, {formatPercent(prediction.confidence)}
            </dd>
            {prediction.score !== null && (
              <>
                <dt>Score</dt>
                <dd>{prediction.score.toPrecision(3)}</dd>
              </>
            )}
            {prediction.unlike !== null && (
              <>
                <dt>Unlike all classes</dt>
                <dd>{formatPercent(prediction.unlike)}</dd>
              </>
            )}
          </>
        )}
      </dl>
      {item.in_evaluation_sample && (
        <p>
          It measures the model: it is decided on the label page, without hints, when the queue asks for it,
          and not here.
        </p>
      )}
    </div>
  )
}
