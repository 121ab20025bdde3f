import { useNavigate } from 'react-router'
import { useMakeDemo } from '../../api/system'
import { useUser } from '../../app/userContext'
import { Button } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import styles from './FirstVisit.module.css'

/** Nothing is here yet: try the demo (administrators make it), or bring data of one's own. */
export function FirstVisit({ onBringData }: { onBringData: () => void }) {
  const user = useUser()
  return (
    <div className={styles.ways}>
      {user.is_admin && <TryDemo />}
      <section className={styles.way} aria-labelledby="bring-your-data">
        <h2 id="bring-your-data">Bring your data</h2>
        <p>
          A project holds a pool of subtomograms and the classes you sort them into. Name the classes, then
          say where the particle list is: RELION, Warp/M, Dynamo, STOPGAP, EMAN2, copick or CSV. You see what
          was found before anything is written.
        </p>
        <Button kind={user.is_admin ? 'secondary' : 'primary'} size="large" icon="plus" onClick={onBringData}>
          New project
        </Button>
      </section>
      {!user.is_admin && (
        <p className={styles.aside}>If a colleague has a project already, ask them to add you as a member.</p>
      )}
    </div>
  )
}

function TryDemo() {
  const make = useMakeDemo()
  const navigate = useNavigate()
  return (
    <section className={styles.way} aria-labelledby="try-the-demo">
      <h2 id="try-the-demo">Try the demo</h2>
      <p>
        600 simulated particles of six shapes, some rare, with junk among them. They are made on this computer
        in under a minute. Label a few dozen, launch a cycle, and see what it picks next.
      </p>
      <Button
        kind="primary"
        size="large"
        disabled={make.isPending}
        onClick={() =>
          make.mutate(undefined, { onSuccess: ({ slug }) => void navigate(`/projects/${slug}/data`) })
        }
      >
        {make.isPending ? 'Starting…' : 'Make the demo project'}
      </Button>
      {make.error && <ErrorNotice error={make.error} />}
    </section>
  )
}
