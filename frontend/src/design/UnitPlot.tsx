import type { ReactNode } from 'react'
import { formatPercent } from '../format/numbers'
import styles from './UnitPlot.module.css'

const LEFT = 56
const RIGHT = 20
const BOTTOM = 40
const TOP = 10
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1]

/** Where a share of 0..1 lies in the drawing. */
export interface UnitScale {
  x: (share: number) => number
  y: (share: number) => number
}

/** A drawing of two shares from 0 to 100 %, with its axes. What it shows must also be there in words or as a table. */
export function UnitPlot({
  label,
  xTitle,
  yTitle,
  width,
  height,
  children,
}: {
  label: string
  xTitle: string
  yTitle: string
  width: number
  height: number
  children: (scale: UnitScale) => ReactNode
}) {
  const right = width - RIGHT
  const foot = height - BOTTOM
  const scale: UnitScale = {
    x: (share) => LEFT + share * (right - LEFT),
    y: (share) => foot - share * (foot - TOP),
  }
  return (
    <svg
      className={styles.plot}
      viewBox={`0 0 ${width} ${height}`}
      style={{ maxWidth: width }}
      role="img"
      aria-label={label}
    >
      {TICKS.map((tick) => (
        <g key={tick}>
          <line className={styles.grid} x1={scale.x(tick)} x2={scale.x(tick)} y1={TOP} y2={foot} />
          <line className={styles.grid} x1={LEFT} x2={right} y1={scale.y(tick)} y2={scale.y(tick)} />
          <text className={styles.tick} x={scale.x(tick)} y={foot + 15} textAnchor="middle">
            {formatPercent(tick)}
          </text>
          <text className={styles.tick} x={LEFT - 6} y={scale.y(tick) + 4} textAnchor="end">
            {formatPercent(tick)}
          </text>
        </g>
      ))}
      <text className={styles.title} x={(LEFT + right) / 2} y={height - 6} textAnchor="middle">
        {xTitle}
      </text>
      <text
        className={styles.title}
        transform={`translate(11 ${(TOP + foot) / 2}) rotate(-90)`}
        textAnchor="middle"
      >
        {yTitle}
      </text>
      {children(scale)}
    </svg>
  )
}
