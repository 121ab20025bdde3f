import type { CSSProperties } from 'react'
import type { PairKappa } from '../../api/types'
import { formatCount, formatPlural } from '../../format/numbers'
import { formatKappa, formatKappaInterval } from './kappa'
import styles from './PairMatrix.module.css'

/** Kappa of each two people; a darker cell agrees more. */
export function PairMatrix({ pairs }: { pairs: PairKappa[] }) {
  const people = [...new Set(pairs.flatMap(({ users }) => users))].sort()
  const between = (a: string, b: string) => pairs.find(({ users }) => users.includes(a) && users.includes(b))
  return (
    <div className={styles.scroll} role="region" aria-label="Agreement by pair, table" tabIndex={0}>
      <table className={styles.matrix}>
        <caption className="visually-hidden">Agreement of each two people</caption>
        <thead>
          <tr>
            <td />
            {people.slice(0, -1).map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {people.slice(1).map((name, row) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {people.slice(0, row + 1).map((other) => (
                <PairCell key={other} pair={between(name, other)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function PairCell({ pair }: { pair: PairKappa | undefined }) {
  if (pair === undefined) return <td className={styles.none}>none</td>
  const heat = Math.round(Math.max(0, pair.value ?? 0) * 100)
  const interval = formatKappaInterval(pair)
  return (
    <td
      className={styles.cell}
      style={{ '--heat': `${heat}%` } as CSSProperties}
      title={`${pair.users.join(' and ')}: ${interval ?? 'no interval'}, ${formatPlural(pair.n, 'particle')}`}
    >
      {formatKappa(pair)}
      <small>n = {formatCount(pair.n)}</small>
    </td>
  )
}
