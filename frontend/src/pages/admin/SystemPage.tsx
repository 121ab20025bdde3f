import { useQuery } from '@tanstack/react-query'
import { systemQuery } from '../../api/system'
import { useUser } from '../../app/userContext'
import { Button } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { AdminFrame } from './AdminFrame'
import { Health } from './system/Health'
import { Storage } from './system/Storage'
import styles from './system/System.module.css'
import { Work } from './system/Work'
import { Workers } from './system/Workers'

const REFRESH_MS = 5000

/** Whether everything runs, what it does, and whether there is room. */
export default function SystemPage() {
  const me = useUser()
  const system = useQuery({ ...systemQuery, enabled: me.is_admin, refetchInterval: REFRESH_MS })
  return (
    <AdminFrame title="System">
      <div className={styles.parts}>
        {system.isPending && <Skeleton label="Looking at the system" lines={6} />}
        {system.error && (
          <ErrorNotice
            error={system.error}
            actions={<Button onClick={() => void system.refetch()}>Try again</Button>}
          />
        )}
        {system.data && (
          <>
            <Health system={system.data} />
            <Workers system={system.data} />
            <Work system={system.data} />
            <Storage system={system.data} />
          </>
        )}
      </div>
    </AdminFrame>
  )
}
