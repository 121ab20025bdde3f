import { type ReactNode, useRef } from 'react'
import type { Project } from '../api/types'
import { useFillHeight } from '../label/useFillHeight'

/** The frame of a page that fills the window with pictures: window title, and a heading for those who do not see them. */
export function DeskPage({
  project,
  title,
  heading,
  className,
  children,
}: {
  project: Project
  /** What the window's title calls the page. */
  title: string
  heading: string
  className: string | undefined
  children: ReactNode
}) {
  const page = useRef<HTMLDivElement>(null)
  useFillHeight(page)
  return (
    <div className={className} ref={page}>
      <title>{`${title} · ${project.name} · Tomosift`}</title>
      <h1 className="visually-hidden">{heading}</h1>
      {children}
    </div>
  )
}
