import { Link } from 'react-router'
import { useSignOut } from '../api/actions'
import type { User } from '../api/types'
import { Button } from '../design/Button'
import { Segmented } from '../design/Segmented'
import { showToast } from '../design/Toast'
import { usePopover } from '../design/usePopover'
import styles from './AccountMenu.module.css'
import { setTheme, type Theme, useTheme } from './theme'

const THEMES: { value: Theme; title: string; icon: 'device' | 'sun' | 'moon' }[] = [
  { value: 'system', title: 'System', icon: 'device' },
  { value: 'light', title: 'Light', icon: 'sun' },
  { value: 'dark', title: 'Dark', icon: 'moon' },
]

function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/)
  return (words.length > 1 ? `${words[0]?.[0]}${words.at(-1)?.[0]}` : name.slice(0, 2)).toUpperCase()
}

/** Who is signed in, how the interface looks, and the way out. */
export function AccountMenu({ user }: { user: User }) {
  const { open, anchor, toggle, close } = usePopover()
  const theme = useTheme((state) => state.theme)
  const signOut = useSignOut()

  return (
    <div {...anchor} className={styles.anchor}>
      <button
        {...toggle}
        type="button"
        className={styles.toggle}
        aria-label={`Account and appearance: ${user.display_name}`}
      >
        <span aria-hidden="true">{initials(user.display_name)}</span>
      </button>
      {open && (
        <div className={styles.panel} role="group" aria-label="Account and appearance">
          <div>
            <p className={styles.name}>{user.display_name}</p>
            <p className={styles.account}>
              {user.name}
              {user.is_admin && ' · administrator'}
            </p>
          </div>
          <ul className={styles.links}>
            <li>
              <Link to="/account" onClick={close}>
                Your account
              </Link>
            </li>
            {user.is_admin && (
              <li>
                <Link to="/admin" onClick={close}>
                  Administration
                </Link>
              </li>
            )}
          </ul>
          <div>
            <p className={styles.caption}>Appearance</p>
            <Segmented label="Appearance" options={THEMES} value={theme} onChange={setTheme} />
          </div>
          <Button
            size="small"
            disabled={signOut.isPending}
            onClick={() =>
              signOut.mutate(undefined, {
                onError: () => showToast('Could not sign out: Tomosift does not answer.', 'bad'),
              })
            }
          >
            Sign out
          </Button>
        </div>
      )}
    </div>
  )
}
