import { keyCap, type Gesture, type TableAction } from './actionTable'
import type { ShownTable } from './helpSheet'
import styles from './KeyList.module.css'

/** Every action on screen with its keys, under the headings of its table, and what the mouse does. */
export function KeyList({ tables }: { tables: readonly ShownTable[] }) {
  const actions = tables.flatMap((table) => table.actions)
  const gestures = tables.flatMap((table) => table.gestures)
  const groups = [...new Set(actions.map(({ group }) => group))]
  return (
    <div className={styles.columns}>
      {groups.map((group) => (
        <section key={group}>
          <h4>{group}</h4>
          <dl>
            {actions
              .filter((action) => action.group === group)
              .map((action) => (
                <KeyRow key={action.id} action={action} />
              ))}
          </dl>
        </section>
      ))}
      {gestures.length > 0 && <Gestures gestures={gestures} />}
    </div>
  )
}

function KeyRow({ action }: { action: TableAction }) {
  return (
    <div>
      <dt>{action.label}</dt>
      <dd>
        {action.keys.length === 0 ? (
          <span>button only</span>
        ) : (
          action.keys.map((key) => <kbd key={key}>{keyCap(key)}</kbd>)
        )}
      </dd>
    </div>
  )
}

function Gestures({ gestures }: { gestures: readonly Gesture[] }) {
  return (
    <section>
      <h4>Mouse</h4>
      <dl>
        {gestures.map(([gesture, effect]) => (
          <div key={gesture}>
            <dt>{effect}</dt>
            <dd>{gesture}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
