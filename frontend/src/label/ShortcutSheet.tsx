/** The help sheet: every action with its keys, straight from the action table, and the gestures. */
import type { ReactElement } from 'react'
import { Dialog } from '../design/Dialog'
import { GESTURES, keyCap, type Action, type ActionGroup } from './actions'
import styles from './ShortcutSheet.module.css'

const GROUPS: readonly ActionGroup[] = ['Decide', 'Look', 'Help']

interface ShortcutSheetProps {
  readonly actions: readonly Action[]
  readonly onClose: () => void
}

export function ShortcutSheet({ actions, onClose }: ShortcutSheetProps): ReactElement {
  return (
    <Dialog title="Keys and gestures" onClose={onClose} wide>
      <div className={styles.columns}>
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {actions
                .filter((action) => action.group === group)
                .map((action) => (
                  <div key={action.id}>
                    <dt>{action.label}</dt>
                    <dd>
                      {action.keys.length === 0 ? (
                        <span>button only</span>
                      ) : (
                        action.keys.map((key) => <kbd key={key}>{keyCap(key)}</kbd>)
                      )}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Mouse</h3>
          <dl>
            {GESTURES.map(([gesture, effect]) => (
              <div key={gesture}>
                <dt>{effect}</dt>
                <dd>{gesture}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  )
}
