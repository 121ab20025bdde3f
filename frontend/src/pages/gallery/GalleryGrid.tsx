import {
  useCallback,
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
} from 'react'
import { useStore } from 'zustand'
import type { ParticleClass } from '../../api/types'
import { formatCount } from '../../format/numbers'
import {
  cornerOf,
  gridOf,
  inSight,
  rankAt,
  ranksInOutline,
  ranksInRectangle,
  scrollTopOf,
  topOf,
  type Point,
} from '../../gallery/grid'
import type { GalleryItems } from '../../gallery/GalleryItems'
import type { GalleryLook } from '../../gallery/lookStore'
import { marksOf } from '../../gallery/marks'
import { GalleryPainter } from '../../gallery/paint'
import { joined, only, ranged, rangeTo, toggled, type Selection } from '../../gallery/selection'
import { httpTiles, TileCache } from '../../gallery/tiles'
import type { GalleryItem } from '../../gallery/types'
import { describeItem } from './describeItem'
import styles from './GalleryGrid.module.css'
import type { DragTool } from './LookControls'

export interface GridHandle {
  /** Show the item at this place, with the keyboard on it. */
  goTo(rank: number): void
}

interface GalleryGridProps {
  handle: RefObject<GridHandle | null>
  slug: string
  classes: readonly ParticleClass[]
  items: GalleryItems
  look: GalleryLook
  tool: DragTool
  selection: Selection
  onSelection: (selection: Selection) => void
  /** The place of the particle in the viewer; null while it is closed. */
  opened: number | null
  onOpen: (rank: number) => void
}

/** Farther than this the pointer drags; nearer it clicks. */
const DRAG_PIXELS = 5
/** Rows read beyond what is in sight. */
const ROWS_AHEAD = 6

interface Drag {
  readonly start: Point
  readonly points: readonly Point[]
  readonly adds: boolean
}

/** The tiles: a canvas that stays while the element around it scrolls, however many there are. */
export function GalleryGrid(props: GalleryGridProps) {
  const { handle, slug, classes, items, look, tool, selection, onSelection, opened, onOpen } = props
  const { count, isCapped, version } = useStore(items.store)
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSize(scroller)
  const [scrollTop, setScrollTop] = useState(0)
  const [drag, setDrag] = useState<Drag | null>(null)
  const [hasFocus, setHasFocus] = useState(false)
  const [arrived, setArrived] = useState(0)

  const grid = useMemo(() => gridOf(size.width, look.size, count ?? 0), [size.width, look.size, count])
  const top = topOf(grid, scrollTop, size.height)
  const [first, last] = inSight(grid, top, size.height)
  const marks = useMemo(() => marksOf(classes), [classes])
  const tiles = useMemo(() => new TileCache(httpTiles(slug), () => setArrived((n) => n + 1)), [slug])
  const tileLook = useMemo(
    () => ({ view: look.view, lowPass: look.lowPass === 0 ? null : look.lowPass }),
    [look.view, look.lowPass],
  )

  useEffect(() => {
    items.want(first - ROWS_AHEAD * grid.columns, last + ROWS_AHEAD * grid.columns)
  }, [items, first, last, grid.columns, count, isCapped])
  useEffect(() => {
    const shown: GalleryItem[] = []
    for (let rank = first; rank <= last; rank++) {
      const item = items.at(rank)
      if (item !== null) shown.push(item)
    }
    tiles.want(shown, tileLook)
  }, [items, tiles, tileLook, first, last, version])

  const painter = useRef<GalleryPainter>(null)
  useLayoutEffect(() => {
    if (canvas.current === null) return
    painter.current ??= new GalleryPainter(canvas.current)
    painter.current.paint({
      grid,
      top,
      width: size.width,
      height: size.height,
      first,
      last,
      contrast: look,
      itemAt: (rank) => items.at(rank),
      tileOf: (item) => tiles.get(item),
      markOf: marks,
      isSelected: ({ id }) => selection.chosen.has(id),
      cursor: hasFocus || opened === selection.cursor ? selection.cursor : null,
      outline: drag === null ? [] : outlineOf(drag, tool),
    })
  }, [
    grid,
    top,
    size,
    first,
    last,
    look,
    items,
    tiles,
    marks,
    selection,
    hasFocus,
    opened,
    drag,
    tool,
    version,
    arrived,
  ])

  const show = useCallback(
    (rank: number): void => {
      const element = scroller.current
      if (element === null) return
      const { y } = cornerOf(grid, rank)
      const now = topOf(grid, element.scrollTop, element.clientHeight)
      const lowest = y + grid.cell - element.clientHeight
      if (y - grid.cell < now) element.scrollTop = scrollTopOf(grid, y - grid.cell, element.clientHeight)
      else if (lowest > now) element.scrollTop = scrollTopOf(grid, lowest, element.clientHeight)
    },
    [grid],
  )
  const moveTo = (rank: number, extends_: boolean): void => {
    const place = Math.min(Math.max(0, rank), Math.max(0, grid.count - 1))
    show(place)
    if (extends_) void extendTo(place)
    else {
      onSelection({ ...selection, cursor: place, anchor: place })
      if (opened !== null) onOpen(place)
    }
  }
  // A range may have to be read first; whatever is selected meanwhile counts more.
  const newest = useRef(selection)
  useLayoutEffect(() => {
    newest.current = selection
  }, [selection])
  const extendTo = async (rank: number): Promise<void> => {
    const begun = { ...selection, cursor: rank }
    newest.current = begun
    onSelection(begun)
    const found = await items.between(...rangeTo(selection.anchor, rank))
    if (newest.current === begun) onSelection(ranged(selection, found, rank))
  }
  useImperativeHandle(handle, () => ({
    goTo: (rank) => {
      moveTo(rank, false)
      scroller.current?.focus({ preventScroll: true })
    },
  }))

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { cursor } = selection
    const rows = Math.max(1, Math.floor(size.height / grid.cell) - 1)
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -grid.columns,
      ArrowDown: grid.columns,
      PageUp: -rows * grid.columns,
      PageDown: rows * grid.columns,
      Home: -cursor,
      End: grid.count - 1 - cursor,
    }
    const step = steps[event.key]
    const item = items.at(cursor)
    if (step !== undefined) moveTo(cursor + step, event.shiftKey)
    else if (event.key === ' ' && item !== null) onSelection(toggled(selection, item, cursor))
    else if (event.key === 'Enter' && item !== null) onOpen(cursor)
    else return
    event.preventDefault()
  }

  const pointIn = (event: PointerEvent): Point => {
    const box = scroller.current!.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top + top }
  }
  const onPointerDown = (event: PointerEvent): void => {
    const element = scroller.current!
    const isOnScrollbar = event.clientX - element.getBoundingClientRect().left > element.clientWidth
    if (event.button !== 0 || isOnScrollbar || event.pointerType === 'touch') return
    const point = pointIn(event)
    setDrag({ start: point, points: [point], adds: event.shiftKey || event.ctrlKey || event.metaKey })
    element.setPointerCapture(event.pointerId)
  }
  const onPointerMove = (event: PointerEvent): void => {
    if (drag === null) return
    const point = pointIn(event)
    setDrag({ ...drag, points: tool === 'rectangle' ? [drag.start, point] : [...drag.points, point] })
  }
  const onPointerUp = async (event: PointerEvent): Promise<void> => {
    const point = pointIn(event)
    setDrag(null)
    if (drag !== null && isDragged(drag, point)) {
      const outline = [...drag.points, point]
      const ranks =
        tool === 'rectangle' ? ranksInRectangle(grid, drag.start, point) : ranksInOutline(grid, outline)
      const found = ranks.map((rank) => items.at(rank)).filter((item) => item !== null)
      onSelection(joined(drag.adds ? selection : only([], ranks[0] ?? selection.cursor), found))
      return
    }
    if (drag === null && event.pointerType !== 'touch') return
    const rank = rankAt(grid, point)
    const item = rank === null ? null : items.at(rank)
    if (rank === null || item === null) return
    if (event.shiftKey) return extendTo(rank)
    if (event.ctrlKey || event.metaKey || event.pointerType === 'touch')
      onSelection(toggled(selection, item, rank))
    else onSelection(only([item], rank))
    if (opened !== null) onOpen(rank)
  }
  const onDoubleClick = useEffectEvent((event: globalThis.MouseEvent) => {
    const box = scroller.current!.getBoundingClientRect()
    const rank = rankAt(grid, { x: event.clientX - box.left, y: event.clientY - box.top + top })
    if (rank !== null && items.at(rank) !== null) onOpen(rank)
  })
  useEffect(() => {
    const element = scroller.current
    const listener = (event: globalThis.MouseEvent): void => onDoubleClick(event)
    element?.addEventListener('dblclick', listener)
    return () => element?.removeEventListener('dblclick', listener)
  }, [])

  const cursorItem = items.at(selection.cursor)
  const more = isCapped ? 'more than ' : ''
  return (
    <>
      <div
        ref={scroller}
        className={styles.scroller}
        tabIndex={0}
        role="application"
        aria-label={`${more}${formatCount(count ?? 0)} particles. Arrows go from one to the next, Space selects, Enter opens the viewer.`}
        onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
        onFocus={() => setHasFocus(true)}
        onBlur={() => setHasFocus(false)}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={(event) => void onPointerUp(event)}
        onPointerCancel={() => setDrag(null)}
      >
        <canvas ref={canvas} className={styles.canvas} />
        <div style={{ height: Math.max(0, grid.scrollHeight - size.height) }} />
      </div>
      <p className="visually-hidden" aria-live="polite" data-testid="gallery-cursor">
        {hasFocus && cursorItem !== null
          ? describeItem(cursorItem, selection.cursor, classes, selection.chosen.has(cursorItem.id))
          : ''}
      </p>
    </>
  )
}

function outlineOf({ start, points }: Drag, tool: DragTool): readonly Point[] {
  if (tool === 'outline') return points
  const end = points.at(-1) ?? start
  return [start, { x: end.x, y: start.y }, end, { x: start.x, y: end.y }]
}

function isDragged({ start, points }: Drag, end: Point): boolean {
  return [...points, end].some(({ x, y }) => Math.hypot(x - start.x, y - start.y) > DRAG_PIXELS)
}

/** What there is room for, in CSS pixels. */
function useSize(element: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const target = element.current
    if (target === null) return
    const measure = (): void => setSize({ width: target.clientWidth, height: target.clientHeight })
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(target)
    return () => observer.disconnect()
  }, [element])
  return size
}
