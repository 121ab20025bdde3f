import type { ReactNode } from 'react'

/** Small line icons on a 16 px grid. They are always decoration: the words beside them carry the meaning. */
const PATHS = {
  alert: (
    <>
      <path d="M8 2.2 14.3 13H1.7L8 2.2Z" />
      <path d="M8 6.5v3M8 11.3v.01" />
    </>
  ),
  arrowRight: <path d="M3 8h9.5M8.8 4.2 12.6 8l-3.8 3.8" />,
  check: <path d="m3.2 8.4 3.2 3.2 6.4-7" />,
  chevronDown: <path d="m4 6.2 4 4 4-4" />,
  chevronRight: <path d="m6.2 4 4 4-4 4" />,
  clock: (
    <>
      <circle cx="8" cy="8" r="5.8" />
      <path d="M8 4.8V8l2.2 1.6" />
    </>
  ),
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
    </>
  ),
  cycle: (
    <>
      <path d="M13.2 6.5A5.5 5.5 0 0 0 3.2 5.3M2.8 9.5a5.5 5.5 0 0 0 10 1.2" />
      <path d="M3 2.5v3h3M13 13.5v-3h-3" />
    </>
  ),
  device: (
    <>
      <rect x="2" y="3" width="12" height="8" rx="1.2" />
      <path d="M6 13.5h4" />
    </>
  ),
  file: (
    <>
      <path d="M9 2H4.5A1.5 1.5 0 0 0 3 3.5v9A1.5 1.5 0 0 0 4.5 14h7a1.5 1.5 0 0 0 1.5-1.5V6L9 2Z" />
      <path d="M9 2v4h4" />
    </>
  ),
  help: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M6.2 6.3a1.9 1.9 0 0 1 3.7.5c0 1.2-1.9 1.5-1.9 2.7M8 11.7v.01" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 7.3v3.7M8 5v.01" />
    </>
  ),
  label: (
    <>
      <path d="M2.5 3.5v4l6 6 5-5-6-6h-4a1 1 0 0 0-1 1Z" />
      <path d="M5.3 5.3v.01" />
    </>
  ),
  moon: <path d="M13.3 9.6A5.6 5.6 0 0 1 6.4 2.7a5.6 5.6 0 1 0 6.9 6.9Z" />,
  offline: (
    <>
      <path d="M1.8 6.2A9 9 0 0 1 5 4.2M14.2 6.2a9 9 0 0 0-6.2-2.5M4 8.7a5.7 5.7 0 0 1 2.3-1.3M12 8.7a5.7 5.7 0 0 0-1.5-1M6.2 11.2a2.6 2.6 0 0 1 3.6 0M2.5 2.5l11 11" />
    </>
  ),
  plus: <path d="M8 3v10M3 8h10" />,
  stop: <rect x="4" y="4" width="8" height="8" rx="1.2" />,
  sun: (
    <>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />
    </>
  ),
  undo: (
    <>
      <path d="M3 6.5h6.2a3.7 3.7 0 0 1 0 7.4H6" />
      <path d="M5.8 3.4 2.7 6.5l3.1 3.1" />
    </>
  ),
  user: (
    <>
      <circle cx="8" cy="5.5" r="2.7" />
      <path d="M2.8 13.5a5.2 5.2 0 0 1 10.4 0" />
    </>
  ),
} satisfies Record<string, ReactNode>

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      style={{ flex: 'none' }}
    >
      {PATHS[name]}
    </svg>
  )
}
