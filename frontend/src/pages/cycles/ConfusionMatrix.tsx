import type { CSSProperties } from 'react'
import { Link } from 'react-router'
import { classNames } from '../../design/classNames'
import { formatCount, formatPlural } from '../../format/numbers'
import styles from './ConfusionMatrix.module.css'

/** How often each class was taken for each: rows are what experts said, columns what the network said. */
export function ConfusionMatrix({
  names,
  rows,
  galleryOf,
}: {
  names: string[]
  rows: number[][]
  /** Where the particles labeled `said` and called `taken` are shown. */
  galleryOf: (said: string, taken: string) => string
}) {
  return (
    <div className={styles.scroll} role="region" aria-label="Confusion matrix" tabIndex={0}>
      <table className={styles.matrix}>
        <caption className="visually-hidden">
          Confusion matrix: rows are the experts’ classes, columns the network’s.
        </caption>
        <thead>
          <tr>
            <td />
            <th className={styles.axis} colSpan={names.length} scope="colgroup">
              The network said →
            </th>
          </tr>
          <tr>
            <th className={styles.row} scope="col">
              Experts said ↓
            </th>
            {names.map((name) => (
              <th key={name} className={styles.column} scope="col" title={name}>
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name, row) => (
            <tr key={name}>
              <th className={styles.row} scope="row" title={name}>
                {name}
              </th>
              {names.map((taken, column) => (
                <Cell
                  key={taken}
                  counts={rows[row] ?? []}
                  column={column}
                  right={row === column}
                  said={name}
                  taken={taken}
                  to={galleryOf(name, taken)}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Pale up to a half, dark above it: in between, no text colour would stand out well enough. */
function shade(heat: number): number {
  return heat > 0.5 ? 0.7 + 0.3 * heat : 0.9 * heat
}

/** The shade is the share of its row, so that rare classes show as well as common ones. */
function Cell({
  counts,
  column,
  right,
  said,
  taken,
  to,
}: {
  counts: number[]
  column: number
  right: boolean
  said: string
  taken: string
  to: string
}) {
  const count = counts[column] ?? 0
  const total = counts.reduce((sum, value) => sum + value, 0)
  const heat = total === 0 ? 0 : count / total
  const words = `${formatPlural(count, 'particle')} of ${said} taken for ${taken}`
  return (
    <td
      className={classNames(
        styles.cell,
        heat > 0.5 && styles.dark,
        count === 0 && styles.zero,
        right && styles.right,
      )}
      style={{ '--heat': `${Math.round(shade(heat) * 100)}%` } as CSSProperties}
      title={words}
    >
      {count === 0 ? (
        formatCount(count)
      ) : (
        <Link className={styles.open ?? ''} to={to} aria-label={`${words}: show such particles`}>
          {formatCount(count)}
        </Link>
      )}
    </td>
  )
}
