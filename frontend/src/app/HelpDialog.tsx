import { useQuery } from '@tanstack/react-query'
import { useMatch, useNavigate } from 'react-router'
import { projectsQuery } from '../api/queries'
import { Button } from '../design/Button'
import { Dialog } from '../design/Dialog'
import { closeHelp, useHelpSheet } from '../keys/helpSheet'
import { KeyList } from '../keys/KeyList'
import { startTour } from '../tour/tourState'
import styles from './HelpDialog.module.css'

/** The keys of what is on screen, the loop in four steps, and the few words one has to know. */
export default function HelpDialog() {
  const tables = useHelpSheet((sheet) => sheet.tables)
  return (
    <Dialog title="Help" onClose={closeHelp} wide isText footer={<TourButton />}>
      <h3 className={styles.heading}>Keys on this page</h3>
      <KeyList tables={tables} />
      <h3 className={styles.heading}>How Tomosift works</h3>
      <ol className={styles.steps}>
        <li>
          <p>
            <strong>Import</strong> a particle list and its subtomograms. They become the project’s pool.
          </p>
        </li>
        <li>
          <p>
            <strong>Label</strong> a small batch: press the digit of a class, U for unsure, J for junk, S to
            skip, Z to undo.
          </p>
        </li>
        <li>
          <p>
            <strong>Launch a cycle.</strong> A network learns from your labels, looks at the whole pool and
            picks the particles that will teach it most.
          </p>
        </li>
        <li>
          <p>
            <strong>Label those.</strong> Repeat until the learning curve goes flat. You can keep labeling
            while a cycle runs.
          </p>
        </li>
      </ol>
      <h3 className={styles.heading}>Words</h3>
      <dl className={styles.terms}>
        <div>
          <dt>Evaluation sample</dt>
          <dd>
            Particles drawn at random that you label without hints. The network never learns from them, so its
            accuracy on them is an honest figure.
          </dd>
        </div>
        <div>
          <dt>95 % interval</dt>
          <dd>The range the true accuracy most likely lies in. More evaluation labels make it narrower.</dd>
        </div>
        <div>
          <dt>Unsure, junk, skip</dt>
          <dd>
            Unsure: a particle you cannot tell. Junk: not a particle of any class; the network learns to spot
            these. Skip: someone else should look.
          </dd>
        </div>
      </dl>
      <h3 className={styles.heading}>Your own data</h3>
      <p className={styles.muted}>
        Each project’s Data page brings particle lists and volumes in, from the server or from your computer;
        its Export page writes the sorted particles for the next program.
      </p>
    </Dialog>
  )
}

/** The tour goes through a project: the one on screen, else the first that has particles. */
function TourButton() {
  const here = useMatch('/projects/:slug/*')?.params.slug
  const projects = useQuery(projectsQuery)
  const navigate = useNavigate()
  const slug = here ?? projects.data?.items.find(({ pool_size }) => pool_size > 0)?.slug
  if (slug === undefined) return null
  return (
    <Button
      onClick={() => {
        closeHelp()
        startTour(slug)
        void navigate(`/projects/${slug}`)
      }}
    >
      Take the two-minute tour
    </Button>
  )
}
