import { AuditLog } from '../audit/AuditLog'
import { AdminFrame } from './AdminFrame'

/** What happened in the whole service. */
export default function ServiceActivityPage() {
  return (
    <AdminFrame title="Activity">
      <AuditLog slug={null} />
    </AdminFrame>
  )
}
