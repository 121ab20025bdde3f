/** The tomogram around the particle on screen: its box, and the particles near it. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type ReactElement, type SVGProps } from 'react'
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
  /** Open a neighbour, to decide it as one's own choice. */
  readonly onChoose: (id: number) => void
}

/** Nothing where the particle was not cut from a tomogram that is known here. Loads after a moment, beside the work. */
export function WhereItSits({ slug, task, classes, onChoose }: WhereItSitsProps): ReactElement | null {
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
  // A blind decision gets no hint from what others said next to it, and is not left for a look around.
  const isOpen = task.work === 'query' || task.work === 'choice'
  return (
    <Section
      picture={picture.data}
      neighbours={neighbours.data}
      classes={isOpen ? classes : []}
      onChoose={isOpen ? onChoose : null}
    />
  )
}

function Section({
  picture,
  neighbours,
  classes,
  onChoose,
}: {
  readonly picture: Surroundings
  readonly neighbours: Neighbours
  readonly classes: readonly ParticleClass[]
  readonly onChoose: ((id: number) => void) | null
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
          <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden={onChoose === null}>
            {neighbours.items.map((neighbour) => (
              <NeighbourMark
                key={neighbour.id}
                neighbour={neighbour}
                x={x + neighbour.dx * perUnit}
                y={y + neighbour.dy * perUnit}
                radius={picture.boxPixels / 6}
                isBeside={Math.abs(neighbour.dz) > neighbours.box / 2}
                particleClass={classes.find(({ id }) => id === neighbour.label?.class_id)}
                onChoose={neighbour.may_be_chosen ? onChoose : null}
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
        {count > 0 && onChoose !== null && '. Click one to look at it'}
      </figcaption>
    </figure>
  )
}

function NeighbourMark(props: {
  readonly neighbour: Neighbours['items'][number]
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly isBeside: boolean
  readonly particleClass: ParticleClass | undefined
  readonly onChoose: ((id: number) => void) | null
}): ReactElement {
  const { neighbour, particleClass, onChoose } = props
  const choose = (): void => onChoose?.(neighbour.id)
  const button: SVGProps<SVGCircleElement> = {
    role: 'button',
    tabIndex: 0,
    'aria-label': `Neighbour ${neighbour.name}${particleClass === undefined ? '' : `, ${particleClass.name}`}`,
    onClick: choose,
    onKeyDown: (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      choose()
    },
  }
  return (
    <circle
      cx={props.x}
      cy={props.y}
      r={props.radius}
      data-beside={props.isBeside || undefined}
      style={particleClass && { stroke: particleClass.color }}
      {...(onChoose === null ? {} : button)}
    />
  )
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
