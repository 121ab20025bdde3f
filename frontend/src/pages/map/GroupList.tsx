import { Button } from '../../design/Button'
import { formatCount } from '../../format/numbers'
import type { Group, Shape } from '../../map/grouping'
import styles from './GroupList.module.css'

/** The legend: each group with its colour, shape and size; it can be hidden, or selected as a whole. */
export function GroupList({
  groups,
  hidden,
  onHidden,
  onSelect,
}: {
  groups: readonly Group[]
  hidden: ReadonlySet<string>
  onHidden: (hidden: ReadonlySet<string>) => void
  onSelect: (group: number) => void
}) {
  const show = (name: string, isShown: boolean): void => {
    const changed = new Set(hidden)
    if (isShown) changed.delete(name)
    else changed.add(name)
    onHidden(changed)
  }
  return (
    <ul className={styles.groups} aria-label="Groups">
      {groups.map((group, number) => (
        <li key={group.name} className={styles.group}>
          <label className={styles.name}>
            <input
              type="checkbox"
              checked={!hidden.has(group.name)}
              onChange={(event) => show(group.name, event.target.checked)}
            />
            <Mark group={group} />
            <span className={styles.text}>{group.name}</span>
            <span className={styles.count}>{formatCount(group.count)}</span>
          </label>
          <Button
            kind="quiet"
            size="small"
            disabled={hidden.has(group.name)}
            aria-label={`Select ${group.name}`}
            onClick={() => onSelect(number)}
          >
            Select
          </Button>
        </li>
      ))}
    </ul>
  )
}

/** The marks of `stamps.ts`, on a grid of 16. */
const OUTLINES: Record<Shape, string> = {
  disc: 'M8 2.2a5.8 5.8 0 1 0 0 11.6a5.8 5.8 0 1 0 0-11.6Z',
  dot: 'M8 4.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6Z',
  square: 'M3.2 3.2h9.6v9.6H3.2Z',
  triangle: 'M8 2.3 14 12.6H2Z',
  diamond: 'M8 1.7 14.3 8 8 14.3 1.7 8Z',
  cross: 'M6.2 2.3h3.6v3.9h3.9v3.6H9.8v3.9H6.2V9.8H2.3V6.2h3.9Z',
  ring: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12Zm0 2.7a3.3 3.3 0 1 1 0 6.6a3.3 3.3 0 1 1 0-6.6Z',
}

function Mark({ group: { color, shape } }: { group: Group }) {
  return (
    <svg className={styles.mark} viewBox="0 0 16 16" aria-hidden="true">
      <path d={OUTLINES[shape]} fill={color} fillRule="evenodd" />
    </svg>
  )
}
