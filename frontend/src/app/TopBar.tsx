import { useQuery } from '@tanstack/react-query'
import { Link, NavLink, useMatch } from 'react-router'
import { projectQuery } from '../api/queries'
import type { User } from '../api/types'
import { IconButton } from '../design/Button'
import { Logo } from '../design/Logo'
import { AccountMenu } from './AccountMenu'
import styles from './TopBar.module.css'

/** Where one is, where else one can go, help, and the account. */
export function TopBar({ user, onHelp }: { user: User; onHelp: () => void }) {
  const slug = useMatch('/projects/:slug/*')?.params.slug
  return (
    <header className={styles.bar}>
      <Link to="/" className={styles.home} aria-label="Tomosift: all projects">
        <Logo />
        <span className={styles.wordmark}>Tomosift</span>
      </Link>
      {slug !== undefined && <ProjectNavigation slug={slug} />}
      <div className={styles.end}>
        <IconButton icon="help" label="Help" onClick={onHelp} />
        <AccountMenu user={user} />
      </div>
    </header>
  )
}

const TABS = [
  { path: '', title: 'Overview' },
  { path: '/label', title: 'Label' },
  { path: '/cycles', title: 'Cycles' },
  { path: '/gallery', title: 'Gallery' },
  { path: '/map', title: 'Map' },
  { path: '/data', title: 'Data' },
  { path: '/review', title: 'Review' },
  { path: '/export', title: 'Export' },
  { path: '/settings', title: 'Settings' },
]

function ProjectNavigation({ slug }: { slug: string }) {
  const { data: project } = useQuery(projectQuery(slug))
  if (project === undefined) return null
  const base = `/projects/${slug}`
  return (
    <div className={styles.project}>
      <Link to={base} className={styles.projectName}>
        {project.name}
      </Link>
      <nav className={styles.nav} aria-label="Project">
        {TABS.filter(({ path }) => path !== '/review' || project.role !== 'viewer').map((tab) => (
          <NavLink key={tab.path} to={base + tab.path} end={tab.path === ''} className={styles.tab ?? ''}>
            {tab.title}
          </NavLink>
        ))}
      </nav>
    </div>
  )
}
