import { useEffect, useState } from 'react'
import { IconButton } from './Button'
import styles from './CopyLine.module.css'

/** A command line to take to a terminal. */
export function CopyLine({ label, text }: { label: string; text: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])

  return (
    <div className={styles.line} role="group" aria-label={label}>
      <code className={styles.text} tabIndex={0} role="textbox" aria-readonly="true" aria-label={label}>
        {text}
      </code>
      {/* Browsers offer a clipboard on https and localhost only; elsewhere the line is there to select. */}
      {navigator.clipboard !== undefined && (
        <IconButton
          icon={copied ? 'check' : 'copy'}
          label={copied ? 'Copied' : 'Copy this line'}
          size="small"
          onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
        />
      )}
    </div>
  )
}
