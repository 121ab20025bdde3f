import { useQuery } from '@tanstack/react-query'
import { particleQuery } from '../../api/particles'
import type { Project } from '../../api/types'
import { useDwell } from '../../design/useDwell'
import { NOTHING, UNKNOWN_CONFIDENCE, type ParticleMap } from '../../map/readMap'
import { CentralSlicePicture } from '../../viewer/CentralSlicePicture'
import styles from './ParticleCard.module.css'

/** Who passes over a particle faster than this does not look at it, and nothing is loaded. */
const DWELL_MS = 120

/** What is known of one particle of the map. */
export function ParticleCard({ project, map, index }: { project: Project; map: ParticleMap; index: number }) {
  const id = map.ids[index]!
  const dwelt = useDwell(id, DWELL_MS)
  const { data: particle } = useQuery({ ...particleQuery(project.slug, id), enabled: dwelt })
  const { legend } = map
  const nameOf = (number: number): string | null => legend.values[number]?.name ?? null
  const prediction = nameOf(map.prediction[index]!)
  const percent = map.confidence[index]!
  const tomogram = map.tomogram[index]!
  const cycle = map.cycle[index]!
  return (
    <section className={styles.card} aria-label="Particle" aria-live="polite">
      {particle === undefined ? (
        <div className={styles.slice} />
      ) : (
        <CentralSlicePicture
          key={id}
          url={particle.volume_url}
          label={`Slice through the middle of ${particle.name}`}
          className={styles.slice}
        />
      )}
      <h2 className={styles.name}>{particle?.name ?? `Particle ${id}`}</h2>
      <dl className={styles.facts}>
        <dt>Label</dt>
        <dd>{nameOf(map.label[index]!) ?? 'none'}</dd>
        <dt>Model</dt>
        <dd>
          {prediction ?? 'says nothing'}
          {prediction !== null && percent !== UNKNOWN_CONFIDENCE && `, ${percent} %`}
        </dd>
        {tomogram !== NOTHING && (
          <>
            <dt>Tomogram</dt>
            <dd>{legend.tomograms[tomogram]}</dd>
          </>
        )}
        {cycle > 0 && (
          <>
            <dt>Picked</dt>
            <dd>by cycle {cycle}</dd>
          </>
        )}
      </dl>
    </section>
  )
}
