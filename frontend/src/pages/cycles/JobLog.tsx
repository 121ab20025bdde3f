import { useEffect, useRef } from 'react'
import type { LogLine } from '../../api/types'
import { formatClock } from '../../format/time'
import styles from './JobLog.module.css'

/** What a job wrote, newest at the bottom and in sight unless one has scrolled up to read. */
export function JobLog({ label, lines }: { label: string; lines: LogLine[] }) {
  const frame = useRef<HTMLOListElement>(null)
  const atEnd = useRef(true)
  useEffect(() => {
    if (frame.current !== null && atEnd.current) frame.current.scrollTop = frame.current.scrollHeight
  }, [lines.length])

  if (lines.length === 0) return <p>Nothing has been written yet.</p>
  return (
    <ol
      ref={frame}
      className={styles.log}
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        atEnd.current = scrollTop + clientHeight >= scrollHeight - 8
      }}
    >
      {lines.map((line, index) => (
        <li key={index} className={styles.line}>
          <time className={styles.time} dateTime={line.at}>
            {formatClock(line.at)}
          </time>
          <span
            className={line.level === 'error' ? styles.error : line.level === 'warning' ? styles.warning : ''}
          >
            {line.message}
          </span>
        </li>
      ))}
    </ol>
  )
}
