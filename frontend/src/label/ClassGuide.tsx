/** What tells a class from the others: guidelines, the sum of its labeled particles, reference examples. */
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { classSetQuery } from '../api/classSet'
import { formatPlural } from '../format/numbers'
import { CentralSlicePicture } from '../viewer/CentralSlicePicture'
import type { ParticleClass } from './api'
import styles from './ClassGuide.module.css'

const SHOWN = 6
/** The service makes no sum of fewer. */
const FEWEST_IN_SUM = 4

interface ClassGuideProps {
  readonly slug: string
  readonly particleClass: ParticleClass
}

export function ClassGuide({ slug, particleClass }: ClassGuideProps): ReactElement {
  const { id, name, color, description } = particleClass
  const classSet = useQuery({ ...classSetQuery(slug), staleTime: 60_000 })
  const known = classSet.data?.classes.find((each) => each.id === id)
  const base = `/api/v1/projects/${encodeURIComponent(slug)}`
  const hasSum = known !== undefined && known.labels >= FEWEST_IN_SUM
  const examples = known?.examples.slice(0, SHOWN) ?? []
  return (
    <div className={styles.guide}>
      <p className={styles.head}>
        <span className={styles.swatch} style={{ background: color }} />
        <strong>{name}</strong>
        {known !== undefined && <span className={styles.count}>{formatPlural(known.labels, 'label')}</span>}
      </p>
      {description === '' ? (
        <p className={styles.none}>No guidelines are written for this class yet.</p>
      ) : (
        // Long ones scroll, by the keyboard too.
        <p className={styles.words} tabIndex={0}>
          {description}
        </p>
      )}
      {(hasSum || examples.length > 0) && (
        <ul className={styles.pictures} aria-label={`What ${name} looks like`}>
          {hasSum && (
            <li title="Mean of its first labeled particles, as they lie: none is turned onto another">
              <CentralSlicePicture
                url={`${base}/classes/${id}/sum`}
                label={`Sum of ${name}`}
                className={styles.slice}
              />
              Sum
            </li>
          )}
          {examples.map((example) => (
            <li key={example}>
              <CentralSlicePicture
                url={`${base}/subtomograms/${example}/volume`}
                label={`Example of ${name}: subtomogram ${example}`}
                className={styles.slice}
              />
              Example
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
