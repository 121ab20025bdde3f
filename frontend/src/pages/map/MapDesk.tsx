import { useEffect, useMemo, useRef, useState, type RefObject } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import type { Project } from '../../api/types'
import { DeskPage } from '../../app/DeskPage'
import { Button } from '../../design/Button'
import { Segmented } from '../../design/Segmented'
import { SelectField } from '../../design/SelectField'
import { formatPlural } from '../../format/numbers'
import { useActionKeys } from '../../keys/useActionKeys'
import { COLOURINGS, groupBy, type ColourBy } from '../../map/grouping'
import { lookOf } from '../../map/look'
import type { MapStage, Tool } from '../../map/MapStage'
import { NOTHING, type ParticleMap } from '../../map/readMap'
import { galleryOfParticles } from '../cycles/galleryLink'
import { GroupList } from './GroupList'
import { mapActions, MAP_GESTURES, ZOOM_STEP } from './mapActions'
import { MapCanvas } from './MapCanvas'
import styles from './MapDesk.module.css'
import { MapNotes } from './MapNotes'
import { ParticleCard } from './ParticleCard'

const TOOLS = [
  { value: 'pan', title: 'Move' },
  { value: 'lasso', title: 'Outline' },
] as const

/** The map with its legend, the particle that is pointed at, and what to do with an outlined group. */
export function MapDesk({ project, map }: { project: Project; map: ParticleMap }) {
  const [search, setSearch] = useSearchParams()
  const [tool, setTool] = useState<Tool>('pan')
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const [selected, setSelected] = useState<ReadonlySet<number> | null>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const [chosen, setChosen] = useState<number | null>(null)
  const stage = useRef<MapStage>(null)

  const by = colouringOf(search.get('colour'), map)
  const grouping = useMemo(() => groupBy(map, by), [map, by])
  const look = useMemo(() => lookOf(grouping, hidden, selected), [grouping, hidden, selected])
  const colourBy = (value: string): void => {
    setHidden(new Set())
    setSearch({ colour: value }, { replace: true })
  }
  const select = (indices: readonly number[]): void =>
    setSelected(indices.length === 0 ? null : new Set(indices))
  const shown = pointed ?? chosen
  useMapKeys({ stage, pointed, selected, select, setTool })
  return (
    <DeskPage project={project} title="Map" heading={`Map of ${project.name}`} className={styles.page}>
      <section className={styles.stage} aria-label="Map">
        <MapCanvas
          map={map}
          look={look}
          tool={tool}
          stageRef={stage}
          onPoint={setPointed}
          onChoose={setChosen}
          onOutlined={select}
        />
        <div className={styles.tools}>
          <Segmented label="What dragging does" options={[...TOOLS]} value={tool} onChange={setTool} />
          <Button size="small" onClick={() => stage.current?.zoom(ZOOM_STEP)}>
            Nearer
          </Button>
          <Button size="small" onClick={() => stage.current?.zoom(1 / ZOOM_STEP)}>
            Farther
          </Button>
          <Button size="small" onClick={() => stage.current?.showWhole()}>
            Whole map
          </Button>
        </div>
        {selected !== null && (
          <SelectionBar map={map} selected={selected} slug={project.slug} onClear={() => setSelected(null)} />
        )}
      </section>
      <aside className={styles.side} aria-label="Legend">
        <SelectField
          label="Colour and shape by"
          options={COLOURINGS.map(({ value, title }) => ({ value, title }))}
          value={by}
          onChange={colourBy}
        />
        <GroupList
          groups={grouping.groups}
          hidden={hidden}
          onHidden={setHidden}
          onSelect={(group) => select(indicesOf(grouping.groupOf, group))}
        />
        {shown === null ? (
          <p className={styles.hint}>
            Point at a particle to see it, or go there by the arrow keys. Drag to move, turn the wheel to come
            nearer, hold Shift and drag to outline a group. <kbd>?</kbd> shows all keys.
          </p>
        ) : (
          <ParticleCard project={project} map={map} index={shown} />
        )}
        <MapNotes slug={project.slug} legend={map.legend} />
      </aside>
    </DeskPage>
  )
}

interface MapKeysOf {
  stage: RefObject<MapStage | null>
  pointed: number | null
  selected: ReadonlySet<number> | null
  select: (indices: readonly number[]) => void
  setTool: (change: (tool: Tool) => Tool) => void
}

function useMapKeys(props: MapKeysOf): void {
  const latest = useRef(props)
  useEffect(() => {
    latest.current = props
  })
  const actions = useMemo(
    () =>
      mapActions({
        stage: () => latest.current.stage.current,
        cursor: () => latest.current.pointed,
        hasSelection: () => latest.current.selected !== null,
        toggleSelected: (index) => {
          const changed = new Set(latest.current.selected)
          if (!changed.delete(index)) changed.add(index)
          latest.current.select([...changed])
        },
        clearSelection: () => latest.current.select([]),
        switchTool: () => latest.current.setTool((tool) => (tool === 'pan' ? 'lasso' : 'pan')),
      }),
    [],
  )
  useActionKeys(actions, MAP_GESTURES)
}

function SelectionBar({
  map,
  selected,
  slug,
  onClear,
}: {
  map: ParticleMap
  selected: ReadonlySet<number>
  slug: string
  onClear: () => void
}) {
  const navigate = useNavigate()
  const open = (): void => {
    const ids = [...selected].map((index) => map.ids[index]!)
    void navigate(galleryOfParticles(slug, ids))
  }
  return (
    <div className={styles.selection} role="status">
      <strong>{formatPlural(selected.size, 'particle')} selected</strong>
      <Button kind="primary" onClick={open}>
        Open in the gallery
      </Button>
      <Button onClick={onClear}>Clear</Button>
    </div>
  )
}

/** As the address asks; by default what says most: the model's classes, or the labels before there is a model. */
function colouringOf(asked: string | null, map: ParticleMap): ColourBy {
  const found = COLOURINGS.find(({ value }) => value === asked)
  if (found !== undefined) return found.value
  return map.prediction.some((number) => number !== NOTHING) ? 'prediction' : 'label'
}

function indicesOf(groupOf: Uint8Array, group: number): number[] {
  const found: number[] = []
  groupOf.forEach((each, index) => {
    if (each === group) found.push(index)
  })
  return found
}
