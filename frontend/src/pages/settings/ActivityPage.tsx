import { useProject } from '../../app/projectContext'
import { AuditLog } from '../audit/AuditLog'
import { SettingsFrame } from './SettingsFrame'

/** What happened in the project, and who did it. */
export default function ActivityPage() {
  const project = useProject()
  return (
    <SettingsFrame title="Activity">
      <AuditLog slug={project.slug} />
    </SettingsFrame>
  )
}
