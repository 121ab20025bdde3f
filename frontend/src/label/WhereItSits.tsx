/** The tomogram around the particle on screen: its box, and the particles near it. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type CSSProperties, type ReactElement } from 'react'
import { neighboursQuery, surroundingsQuery, type Surroundings } from '../api/queries'
import type { Neighbours } from '../api/types'
import { formatPlural } from '../format/numbers'
import type { ParticleClass, Task } from './api'
import styles from './WhereItSits.module.css'

/** Who decides faster than this does not look at it, and nothing is loaded. */
const DWELL_MS = 600

interface WhereItSitsProps {
  readonly slug: string
  readonly task: Task
  readonly classes: readonly ParticleClass[]
}

/** Nothing where the particle was not cut from a tomogram that is known here. Loads after a moment, beside the work. */
export function WhereItSits({ slug, task, classes }: WhereItSitsProps): ReactElement | null {
  const { id, tomogram } = task.subtomogram
  const dwelt = useDwell(id)
  const neighbours = useQuery({
    ...neighboursQuery(slug, id),
    enabled: dwelt && tomogram !== null,
    retry: false,
  })
  const has = neighbours.data?.has_surroundings ?? false
  const picture = useQuery({ ...surroundingsQuery(slug, id), enabled: dwelt && has, retry: false })
  if (neighbours.data === undefined || picture.data === undefined) return null
  // A blind decision gets no hint from what others said next to it.
  const shownClasses = task.work === 'query' ? classes : []
  return <Section picture={picture.data} neighbours={neighbours.data} classes={shownClasses} />
}

function Section({
  picture,
  neighbours,
  classes,
}: {
  readonly picture: Surroundings
  readonly neighbours: Neighbours
  readonly classes: readonly ParticleClass[]
}): ReactElement {
  const url = useObjectUrl(picture.png)
  const [size, setSize] = useState<{ width: number; height: number } | null>(null)
  const [x, y] = picture.centre
  const perUnit = picture.boxPixels / neighbours.box
  const count = neighbours.items.length
  return (
    <figure className={styles.figure} aria-label="Where it sits">
      <div className={styles.picture}>
        {url !== null && (
          <img
            src={url}
            alt={`Section of tomogram ${neighbours.tomogram} around the particle`}
            onLoad={({ currentTarget }) =>
              setSize({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })
            }
          />
        )}
        {size !== null && (
          <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
            {neighbours.items.map(({ id, dx, dy, dz, label }) => (
              <circle
                key={id}
                cx={x + dx * perUnit}
                cy={y + dy * perUnit}
                r={picture.boxPixels / 6}
                data-beside={Math.abs(dz) > neighbours.box / 2 || undefined}
                style={colourOf(label?.class_id ?? null, classes)}
              />
            ))}
            <rect
              x={x - picture.boxPixels / 2}
              y={y - picture.boxPixels / 2}
              width={picture.boxPixels}
              height={picture.boxPixels}
            />
          </svg>
        )}
      </div>
      <figcaption>
        Where it sits in {neighbours.tomogram}
        {count > 0 && `, with ${formatPlural(count, 'neighbour')}; faint ones lie above or below`}
      </figcaption>
    </figure>
  )
}

function colourOf(classId: string | null, classes: readonly ParticleClass[]): CSSProperties | undefined {
  const found = classes.find(({ id }) => id === classId)
  return found && { stroke: found.color }
}

/** True once the same item has been on screen for a moment. */
function useDwell(id: number): boolean {
  const [dwelt, setDwelt] = useState<number | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setDwelt(id), DWELL_MS)
    return () => clearTimeout(timer)
  }, [id])
  return dwelt === id
}

function useObjectUrl(blob: Blob): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    const made = URL.createObjectURL(blob)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [blob])
  return url
}
