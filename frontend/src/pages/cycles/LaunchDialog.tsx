import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLaunchCycle } from '../../api/actions'
import { catalogueQuery, cyclesQuery, progressQuery } from '../../api/queries'
import type { Catalogue, Cycle, Progress, Project } from '../../api/types'
import { Button } from '../../design/Button'
import { Dialog } from '../../design/Dialog'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Prose } from '../../design/Prose'
import { Skeleton } from '../../design/Skeleton'
import { showToast } from '../../design/Toast'
import { formatCount } from '../../format/numbers'
import styles from './LaunchDialog.module.css'
import { LaunchFields, useCheckedChoices } from './LaunchFields'
import {
  askedSettings,
  batchSizeError,
  type LaunchChoices,
  needsLabels,
  pickable,
  readiness,
  startingChoices,
} from './launchRules'

const DEFAULT_BATCH = 40

/** Choose how the next cycle learns and picks, and start it. */
export function LaunchDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const catalogue = useQuery({ ...catalogueQuery, staleTime: 0 })
  const progress = useQuery(progressQuery(project.slug))
  const cycles = useQuery(cyclesQuery(project.slug))

  const error = catalogue.error ?? progress.error ?? cycles.error
  if (catalogue.data && progress.data && cycles.data) {
    return (
      <LaunchForm
        project={project}
        catalogue={catalogue.data}
        progress={progress.data}
        last={cycles.data.items[0]}
        onClose={onClose}
      />
    )
  }
  return (
    <Dialog title="Launch a cycle" onClose={onClose} wide>
      {error ? <ErrorNotice error={error} /> : <Skeleton label="Loading the choices" lines={6} />}
    </Dialog>
  )
}

function LaunchForm({
  project,
  catalogue,
  progress,
  last,
  onClose,
}: {
  project: Project
  catalogue: Catalogue
  progress: Progress
  last: Cycle | undefined
  onClose: () => void
}) {
  const [choices, setChoices] = useState<LaunchChoices>(() => ({
    ...startingChoices(catalogue, last),
    batchSize: String(
      Math.max(1, Math.min(project.settings.batch_size ?? DEFAULT_BATCH, pickable(progress))),
    ),
    own: {},
    unread: [],
  }))
  const launch = useLaunchCycle(project.slug)
  const lacking = readiness(progress).missing
  const missing = needsLabels(catalogue, choices.acquisition) ? lacking : null
  const sizeError = batchSizeError(choices.batchSize, pickable(progress))
  const wrong = useCheckedChoices(project.slug, choices)
  const cannot = missing !== null || sizeError !== null || choices.unread.length > 0 || wrong.length > 0

  const submit = () => {
    if (cannot) return
    // A promise, not callbacks: as soon as the cycle is heard of, this dialog is gone with its button.
    launch.mutateAsync({ settings: askedSettings(choices) }).then(
      (cycle) => {
        showToast(`Cycle ${cycle.number} is launched. You can go on labeling meanwhile.`)
        onClose()
      },
      () => undefined, // shown from `launch.error`
    )
  }
  return (
    <Dialog
      title={`Launch cycle ${(last?.number ?? 0) + 1}`}
      onClose={onClose}
      onSubmit={submit}
      wide
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button kind="primary" type="submit" disabled={launch.isPending || cannot}>
            {launch.isPending ? 'Launching…' : 'Launch'}
          </Button>
        </>
      }
    >
      <div className={styles.fields}>
        <div className={styles.notices}>
          {missing !== null && (
            <Notice tone="warn" title="Too few labels yet">
              {missing} Label on and come back.
            </Notice>
          )}
          {catalogue.workers_seen === 0 && (
            <Notice tone="warn" title="No worker is running">
              <Prose
                text={catalogue.reason ?? 'The cycle will wait. Ask whoever runs this Tomosift to start one.'}
              />
            </Notice>
          )}
          {launch.error && <ErrorNotice error={launch.error} />}
        </div>
        {missing === null && (
          <p>
            {lacking === null
              ? `The network learns from ${formatCount(progress.labeled.training_total)} labels and then picks the next particles for you.`
              : 'There are too few labels for a network yet. This cycle trains none: it looks at the volumes and picks what to label first.'}
          </p>
        )}
        <LaunchFields
          slug={project.slug}
          catalogue={catalogue}
          choices={choices}
          sizeHint={`${formatCount(pickable(progress))} are unlabeled. Small batches learn faster, large ones mean fewer pauses.`}
          sizeError={sizeError}
          onChange={setChoices}
        />
      </div>
    </Dialog>
  )
}
