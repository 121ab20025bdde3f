/** The learning curve as a uPlot drawing. Plain functions on a canvas; the React part is LearningCurveChart. */
import uPlot from 'uplot'
import type { CurvePoint, RandomReference } from '../../api/types'

interface Look {
  accent: string
  reference: string
  text: string
  grid: string
  surface: string
  font: string
}

function lookOf(element: Element): Look {
  const style = getComputedStyle(element)
  const read = (name: string) => style.getPropertyValue(name).trim()
  return {
    accent: read('--accent'),
    reference: read('--text-faint'),
    text: read('--text-muted'),
    grid: read('--border'),
    surface: read('--bg'),
    font: `12px ${read('--font-ui')}`,
  }
}

/** Axis limits: labels from 0, accuracy from the next ten percent below the lowest interval to 100 %. */
export function axisLimits(
  points: CurvePoint[],
  reference: RandomReference['points'] = [],
): { x: [number, number]; y: [number, number] } {
  const most = Math.max(...points.map((point) => point.total_labels))
  const lowest = Math.min(...[...points, ...reference].map((point) => point.low))
  return { x: [0, Math.max(10, most * 1.06)], y: [Math.max(0, Math.floor(lowest * 10 - 0.001) / 10), 1] }
}

/** Vertical bars from low to high at each point, drawn beneath the line. */
function drawIntervals(plot: uPlot, points: CurvePoint[], look: Look): void {
  const { ctx } = plot
  const cap = 4 * devicePixelRatio
  ctx.save()
  ctx.strokeStyle = look.accent
  ctx.globalAlpha = 0.55
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.beginPath()
  for (const point of points) {
    const x = plot.valToPos(point.total_labels, 'x', true)
    const low = plot.valToPos(point.low, 'y', true)
    const high = plot.valToPos(point.high, 'y', true)
    ctx.moveTo(x, low)
    ctx.lineTo(x, high)
    for (const end of [low, high]) {
      ctx.moveTo(x - cap, end)
      ctx.lineTo(x + cap, end)
    }
  }
  ctx.stroke()
  ctx.restore()
}

/** What random picks are expected to reach: a dashed line in its band, beneath everything else. */
function drawReference(plot: uPlot, reference: RandomReference['points'], look: Look): void {
  if (reference.length === 0) return
  const { ctx } = plot
  const at = (value: number, labels: number): [number, number] => [
    plot.valToPos(labels, 'x', true),
    plot.valToPos(value, 'y', true),
  ]
  const path = (corners: [number, number][]) => {
    ctx.beginPath()
    corners.forEach(([x, y], index) => (index === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)))
  }
  ctx.save()
  ctx.fillStyle = ctx.strokeStyle = look.reference
  ctx.globalAlpha = 0.16
  path([
    ...reference.map((point) => at(point.high, point.total_labels)),
    ...[...reference].reverse().map((point) => at(point.low, point.total_labels)),
  ])
  ctx.fill()
  ctx.globalAlpha = 1
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
  path(reference.map((point) => at(point.expected, point.total_labels)))
  ctx.stroke()
  ctx.restore()
}

function axis(look: Look, label: string, values: (value: number) => string, size: number): uPlot.Axis {
  const { font } = look
  return {
    label,
    labelFont: font,
    labelSize: 22,
    labelGap: 4,
    font,
    size,
    stroke: look.text,
    grid: { stroke: look.grid, width: 1 },
    ticks: { stroke: look.grid, width: 1, size: 5 },
    values: (_, splits) => splits.map(values),
  }
}

/** Draw into `frame`; `onPoint` hears which point the pointer is at (null: none). */
export function drawLearningCurve(
  frame: HTMLElement,
  points: CurvePoint[],
  reference: RandomReference['points'],
  onPoint: (index: number | null) => void,
): uPlot {
  const look = lookOf(frame)
  const limits = axisLimits(points, reference)
  const options: uPlot.Options = {
    width: frame.clientWidth,
    height: frame.clientHeight,
    legend: { show: false },
    padding: [10, 12, 0, 0],
    cursor: {
      y: false,
      drag: { setScale: false },
      points: { size: 11, fill: look.accent },
    },
    scales: { x: { time: false, range: () => limits.x }, y: { range: () => limits.y } },
    axes: [
      axis(look, 'Labels given, evaluation sample included', String, 30),
      axis(look, 'Accuracy on the evaluation sample', (value) => `${Math.round(value * 100)} %`, 46),
    ],
    series: [
      {},
      {
        stroke: look.accent,
        width: 2,
        points: { show: true, size: 8, stroke: look.accent, fill: look.surface, width: 2 },
      },
    ],
    hooks: {
      drawAxes: [(plot) => drawReference(plot, reference, look), (plot) => drawIntervals(plot, points, look)],
      setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)],
    },
  }
  const data: uPlot.AlignedData = [
    points.map((point) => point.total_labels),
    points.map((point) => point.accuracy),
  ]
  return new uPlot(options, data, frame)
}
