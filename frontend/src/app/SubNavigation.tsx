import { NavLink } from 'react-router'
import styles from './SubNavigation.module.css'

/** The pages of one part of the interface, side by side under its heading. */
export function SubNavigation({ label, links }: { label: string; links: { to: string; title: string }[] }) {
  return (
    <nav className={styles.nav} aria-label={label}>
      {links.map(({ to, title }) => (
        <NavLink key={to} to={to} end className={styles.link ?? ''}>
          {title}
        </NavLink>
      ))}
    </nav>
  )
}
