import type { ReactNode } from 'react'
import { useProject } from '../../../app/projectContext'
import { CentralSlicePicture } from '../../../viewer/CentralSlicePicture'
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
  const { slug } = useProject()
  if (ids.length === 0) return null
  return (
    <ul className={styles.examples} aria-label={label}>
      {ids.map((id) => (
        <li key={id} className={styles.example}>
          <CentralSlicePicture
            url={`/api/v1/projects/${slug}/subtomograms/${id}/volume`}
            label={`Subtomogram ${id}`}
            className={styles.slice}
          />
          {under?.(id)}
        </li>
      ))}
    </ul>
  )
}
