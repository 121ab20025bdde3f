import type { ReactNode } from 'react'
import { Logo } from '../../design/Logo'
import styles from './SignInPage.module.css'

/** The plain frame of the pages one sees before one is in. */
export function SignInFrame({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <main className={styles.page}>
      <title>{`${title} · Tomosift`}</title>
      <p className={styles.brand}>
        <Logo size={30} />
        Tomosift
      </p>
      <h1>{title}</h1>
      {children}
    </main>
  )
}
