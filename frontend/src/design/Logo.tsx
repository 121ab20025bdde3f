/** A box of voxels with one of them picked out: what Tomosift does. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d="M12 2 20.5 6.8v10.4L12 22l-8.5-4.8V6.8L12 2Z"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinejoin="round"
      />
      <path
        d="M3.7 7 12 11.7 20.3 7M12 11.7V21.7"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinejoin="round"
        opacity="0.55"
      />
      <path d="M12 11.7 16.2 9.3v4.8L12 16.5Z" fill="var(--accent)" />
    </svg>
  )
}
