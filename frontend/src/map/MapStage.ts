/** The canvas of the map: what it shows, and what the pointer does on it. */
import { panned, toMap, toScreen, wholeMap, zoomed, type Camera, type Place, type Size } from './camera'
import type { Look } from './look'
import { PointPainter } from './painter'
import { PointGrid } from './pointGrid'
import type { ParticleMap } from './readMap'
import { nextInDirection, type Direction } from './steps'

export type Tool = 'pan' | 'lasso'

export interface StageEvents {
  /** The particle that the pointer or the keys have come to. */
  onPoint: (index: number | null) => void
  /** A particle was clicked. */
  onChoose: (index: number) => void
  onOutlined: (indices: readonly number[]) => void
}

const HOVER_REACH = 9
const CLICK_SLACK = 4
const OUTLINE_STEP = 4
const WHEEL_GAIN = 0.0016
const LARGEST_MARK = 14
const GROWTH = 0.45

export class MapStage {
  private readonly painter: PointPainter
  private readonly grid: PointGrid
  private readonly observer: ResizeObserver
  private readonly ending = new AbortController()
  private size: Size = { width: 0, height: 0 }
  private whole: Camera
  private camera: Camera
  private look: Look | null = null
  private shown = new Uint8Array(0)
  private tool: Tool = 'pan'
  private cursor: number | null = null
  private drag: { readonly begin: Place; last: Place; outline: Place[] | null; moved: boolean } | null = null
  private frame = 0
  /** The particles are to be painted anew, not only what lies over them. */
  private isStale = true

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly context: CanvasRenderingContext2D,
    private readonly map: ParticleMap,
    private readonly events: StageEvents,
  ) {
    this.painter = new PointPainter(context)
    this.grid = new PointGrid(map.points)
    this.whole = wholeMap(map.points, this.size)
    this.camera = this.whole
    this.observer = new ResizeObserver(() => this.fit())
    this.observer.observe(canvas)
    this.listen()
    this.fit()
  }

  dispose(): void {
    this.ending.abort()
    this.observer.disconnect()
    cancelAnimationFrame(this.frame)
  }

  setLook(look: Look): void {
    this.look = look
    this.shown = new Uint8Array(this.map.count)
    for (const at of look.order) this.shown[at] = 1
    if (this.cursor !== null && this.shown[this.cursor] === 0) this.point(null)
    this.isStale = true
    this.redraw()
  }

  setTool(tool: Tool): void {
    this.tool = tool
    this.canvas.style.cursor = tool === 'lasso' ? 'crosshair' : 'grab'
  }

  showWhole(): void {
    this.moveTo(this.whole)
  }

  /** Nearer (`factor` above 1) or farther, around the middle. */
  zoom(factor: number): void {
    const middle = { x: this.size.width / 2, y: this.size.height / 2 }
    this.moveTo(zoomed(this.camera, this.size, middle, factor, this.whole))
  }

  /** To the next particle in a direction, from the one nearest to the middle; keeps it in sight. */
  step(direction: Direction): void {
    const { width, height } = this.size
    const next =
      this.cursor === null
        ? this.grid.nearest(this.camera, Math.max(width, height) / this.camera.scale, this.isShown)
        : nextInDirection(this.map.points, this.look?.order ?? new Uint32Array(), this.cursor, direction)
    if (next === null) return
    this.point(next)
    const { x, y } = this.screenOf(next)
    if (x < 0 || y < 0 || x > width || y > height) {
      this.moveTo({ ...this.camera, x: this.map.points[2 * next]!, y: this.map.points[2 * next + 1]! })
    }
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas
    if (width === this.size.width && height === this.size.height) return
    const wasWhole = this.camera === this.whole
    this.size = { width, height }
    this.whole = wholeMap(this.map.points, this.size)
    if (wasWhole) this.camera = this.whole
    const ratio = window.devicePixelRatio
    this.canvas.width = Math.max(1, Math.round(width * ratio))
    this.canvas.height = Math.max(1, Math.round(height * ratio))
    this.painter.setSize(this.canvas.width, this.canvas.height)
    this.isStale = true
    this.draw()
  }

  private redraw(): void {
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.draw())
  }

  private draw(): void {
    if (this.look === null) return
    const ratio = window.devicePixelRatio
    if (this.isStale) {
      const diameter = Math.round(this.markSize() * ratio)
      const camera = { ...this.camera, scale: this.camera.scale * ratio }
      this.painter.paint(this.map.points, this.look, camera, diameter)
    }
    this.isStale = false
    this.painter.show()
    this.drawOver(ratio)
  }

  /** CSS pixels; nearer by, marks grow and their shapes show. */
  private markSize(): number {
    const { count } = this.map
    const smallest = count > 30_000 ? 3 : count > 8_000 ? 4 : count > 1_500 ? 6 : 8
    return Math.min(LARGEST_MARK, smallest * Math.max(1, this.camera.scale / this.whole.scale) ** GROWTH)
  }

  /** The outline being drawn, and a ring around the particle that is pointed at. */
  private drawOver(ratio: number): void {
    const { context } = this
    context.save()
    context.scale(ratio, ratio)
    context.lineWidth = 2
    context.strokeStyle = '#ffffff'
    if (this.drag?.outline) {
      context.setLineDash([5, 4])
      context.beginPath()
      for (const { x, y } of this.drag.outline) context.lineTo(x, y)
      context.closePath()
      context.stroke()
      context.setLineDash([])
    }
    if (this.cursor !== null) {
      const { x, y } = this.screenOf(this.cursor)
      context.beginPath()
      context.arc(x, y, this.markSize() / 2 + 4, 0, 2 * Math.PI)
      context.stroke()
    }
    context.restore()
  }

  private moveTo(camera: Camera): void {
    this.camera = camera
    this.isStale = true
    this.redraw()
  }

  private point(index: number | null): void {
    if (index === this.cursor) return
    this.cursor = index
    this.events.onPoint(index)
    this.redraw()
  }

  private screenOf(index: number): Place {
    const [x, y] = [this.map.points[2 * index]!, this.map.points[2 * index + 1]!]
    return toScreen(this.camera, this.size, { x, y })
  }

  private readonly isShown = (index: number): boolean => this.shown[index] === 1

  private under(place: Place): number | null {
    return this.grid.nearest(
      toMap(this.camera, this.size, place),
      HOVER_REACH / this.camera.scale,
      this.isShown,
    )
  }

  private listen(): void {
    const { canvas } = this
    const { signal } = this.ending
    canvas.addEventListener('pointerdown', (event) => this.press(event), { signal })
    canvas.addEventListener('pointermove', (event) => this.move(event), { signal })
    canvas.addEventListener('pointerup', (event) => this.release(event), { signal })
    canvas.addEventListener('pointercancel', () => this.letGo(), { signal })
    canvas.addEventListener('pointerleave', () => this.leave(), { signal })
    canvas.addEventListener('wheel', (event) => this.wheel(event), { signal, passive: false })
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) return
    const begin = placeOf(event)
    const outlines = this.tool === 'lasso' || event.shiftKey
    this.canvas.setPointerCapture?.(event.pointerId)
    this.drag = { begin, last: begin, outline: outlines ? [begin] : null, moved: false }
  }

  private move(event: PointerEvent): void {
    const place = placeOf(event)
    const { drag } = this
    if (drag === null) {
      this.point(this.under(place))
      return
    }
    drag.moved ||= Math.hypot(place.x - drag.begin.x, place.y - drag.begin.y) > CLICK_SLACK
    if (!drag.moved) return
    const step = Math.hypot(place.x - drag.last.x, place.y - drag.last.y)
    if (drag.outline !== null) {
      if (step < OUTLINE_STEP) return
      drag.outline.push(place)
      this.redraw()
    } else {
      this.moveTo(panned(this.camera, place.x - drag.last.x, place.y - drag.last.y))
    }
    drag.last = place
  }

  private release(event: PointerEvent): void {
    const { drag } = this
    this.letGo()
    if (drag === null) return
    if (!drag.moved) {
      const index = this.under(placeOf(event))
      if (index !== null) this.events.onChoose(index)
    } else if (drag.outline !== null) {
      const outline = drag.outline.map((place) => toMap(this.camera, this.size, place))
      this.events.onOutlined(this.grid.within(outline, this.isShown))
    }
  }

  private leave(): void {
    if (this.drag === null) this.point(null)
  }

  private letGo(): void {
    this.drag = null
    this.redraw()
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault()
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
    const factor = Math.exp(-event.deltaY * lines * WHEEL_GAIN)
    this.moveTo(zoomed(this.camera, this.size, placeOf(event), factor, this.whole))
  }
}

function placeOf({ offsetX, offsetY }: MouseEvent): Place {
  return { x: offsetX, y: offsetY }
}
