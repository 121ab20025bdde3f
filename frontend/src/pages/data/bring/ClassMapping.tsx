import { useId } from 'react'
import type { ParticleClass } from '../../../api/types'
import { formatCount } from '../../../format/numbers'
import styles from './BringData.module.css'

/** Which class each value in a column stands for: a text field a value, with the project's classes to choose from. */
export function ClassMapping({
  values,
  classes,
  mapping,
  onChange,
}: {
  values: readonly { value: string; count: number }[]
  classes: readonly ParticleClass[]
  mapping: Readonly<Record<string, string>>
  onChange: (mapping: Record<string, string>) => void
}) {
  const listId = useId()
  return (
    <>
      <table className={styles.mapping}>
        <caption className="visually-hidden">Which class each value stands for</caption>
        <thead>
          <tr>
            <th scope="col">Value</th>
            <th scope="col">Particles</th>
            <th scope="col">Class (a new name makes a new one; empty leaves it out)</th>
          </tr>
        </thead>
        <tbody>
          {values.map(({ value, count }) => (
            <tr key={value}>
              <th scope="row">{value}</th>
              <td>{formatCount(count)}</td>
              <td>
                <input
                  list={listId}
                  aria-label={`Class for ${value}`}
                  value={mapping[value] ?? ''}
                  onChange={(event) => onChange({ ...mapping, [value]: event.target.value })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <datalist id={listId}>
        {[...classes.map(({ name }) => name), 'junk', 'unsure'].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  )
}
