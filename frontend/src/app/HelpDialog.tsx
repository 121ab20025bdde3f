import { Dialog } from '../design/Dialog'
import styles from './HelpDialog.module.css'

/** The loop in four steps and the few words one has to know. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="How Tomosift works" onClose={onClose}>
      <ol className={styles.steps}>
        <li>
          <p>
            <strong>Import</strong> a particle list and its subtomograms. They become the project’s pool.
          </p>
        </li>
        <li>
          <p>
            <strong>Label</strong> a small batch: press the digit of a class, U for unsure, J for junk, S to
            skip, Z to undo. On the label page, <kbd>?</kbd> shows all keys.
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
          <dt>Evaluation set</dt>
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
