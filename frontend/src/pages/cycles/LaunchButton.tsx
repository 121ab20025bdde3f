import { useState } from 'react'
import type { Project } from '../../api/types'
import { Button, type ButtonKind, type ButtonSize } from '../../design/Button'
import { LaunchDialog } from './LaunchDialog'

/** Opens the launch dialog. */
export function LaunchButton({
  project,
  kind = 'secondary',
  size = 'normal',
}: {
  project: Project
  kind?: ButtonKind
  size?: ButtonSize
}) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button kind={kind} size={size} icon="cycle" onClick={() => setOpen(true)}>
        Launch a cycle
      </Button>
      {open && <LaunchDialog project={project} onClose={() => setOpen(false)} />}
    </>
  )
}
