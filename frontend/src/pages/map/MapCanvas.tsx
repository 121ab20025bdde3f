import { useEffect, useEffectEvent, useRef, type RefObject } from 'react'
import { formatPlural } from '../../format/numbers'
import type { Look } from '../../map/look'
import { MapStage, type StageEvents, type Tool } from '../../map/MapStage'
import type { ParticleMap } from '../../map/readMap'
import styles from './MapDesk.module.css'

/** The drawn map. React only hands over what changes; moving and zooming pass it by. */
export function MapCanvas({
  map,
  look,
  tool,
  stageRef,
  ...events
}: StageEvents & {
  map: ParticleMap
  look: Look
  tool: Tool
  /** For buttons beside the map. */
  stageRef: RefObject<MapStage | null>
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const onPoint = useEffectEvent(events.onPoint)
  const onChoose = useEffectEvent(events.onChoose)
  const onOutlined = useEffectEvent(events.onOutlined)

  useEffect(() => {
    const context = canvas.current?.getContext('2d', { alpha: false })
    if (!canvas.current || !context) return
    const stage = new MapStage(canvas.current, context, map, {
      onPoint: (index) => onPoint(index),
      onChoose: (index) => onChoose(index),
      onOutlined: (indices) => onOutlined(indices),
    })
    stageRef.current = stage
    return () => {
      stageRef.current = null
      stage.dispose()
    }
  }, [map, stageRef])
  useEffect(() => stageRef.current?.setLook(look), [look, map, stageRef])
  useEffect(() => stageRef.current?.setTool(tool), [tool, map, stageRef])

  return (
    <canvas
      ref={canvas}
      className={styles.canvas}
      role="img"
      aria-label={`Map of ${formatPlural(map.count, 'particle')}; the legend has its groups`}
    />
  )
}
