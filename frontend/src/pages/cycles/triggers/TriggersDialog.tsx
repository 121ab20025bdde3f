import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type SettingValues, type Triggers, useSetTriggers } from '../../../api/cycleModels'
import { catalogueQuery } from '../../../api/queries'
import type { Catalogue, Project } from '../../../api/types'
import { Button } from '../../../design/Button'
import { CheckField } from '../../../design/CheckField'
import { Dialog } from '../../../design/Dialog'
import { Disclosure } from '../../../design/Disclosure'
import { TextField } from '../../../design/Field'
import { ErrorNotice } from '../../../design/Notice'
import { Skeleton } from '../../../design/Skeleton'
import { showToast } from '../../../design/Toast'
import { LaunchFields, useCheckedChoices } from '../LaunchFields'
import styles from '../LaunchDialog.module.css'
import { askedSettings, batchSizeError, type LaunchChoices, startingChoices } from '../launchRules'

const USUAL_LABELS = 100
const USUAL_TIME = '02:00'
const MOST_LABELS = 1_000_000

/** Choose when cycles start by themselves, and how such a cycle picks and learns. */
export function TriggersDialog({
  project,
  triggers,
  onClose,
}: {
  project: Project
  triggers: Triggers
  onClose: () => void
}) {
  const catalogue = useQuery(catalogueQuery)
  if (catalogue.data) {
    return <TriggersForm project={project} triggers={triggers} catalogue={catalogue.data} onClose={onClose} />
  }
  return (
    <Dialog title="When cycles start" onClose={onClose} wide>
      {catalogue.error ? (
        <ErrorNotice error={catalogue.error} />
      ) : (
        <Skeleton label="Loading the choices" lines={6} />
      )}
    </Dialog>
  )
}

function TriggersForm({
  project,
  triggers,
  catalogue,
  onClose,
}: {
  project: Project
  triggers: Triggers
  catalogue: Catalogue
  onClose: () => void
}) {
  const [byLabels, setByLabels] = useState(triggers.after_labels != null)
  const [labels, setLabels] = useState(String(triggers.after_labels ?? USUAL_LABELS))
  const [nightly, setNightly] = useState(triggers.nightly_at != null)
  const [time, setTime] = useState(triggers.nightly_at ?? USUAL_TIME)
  const [choices, setChoices] = useState(() => choicesOf(project, triggers, catalogue))
  const set = useSetTriggers(project.slug)
  const wrong = useCheckedChoices(project.slug, choices)
  const labelsError = byLabels && !isCount(labels) ? `A whole number from 1 to ${MOST_LABELS}.` : null
  const timeError = nightly && !/^\d\d:\d\d$/.test(time) ? 'A time such as 02:00.' : null
  const sizeError = batchSizeError(choices.batchSize, Infinity)
  const cannot =
    [labelsError, timeError, sizeError].some(Boolean) || wrong.length > 0 || choices.unread.length > 0
  const zone = triggers.nightly_at != null ? (triggers.time_zone ?? 'UTC') : wallClockZone()
  const submit = () => {
    if (cannot) return
    set.mutate(
      {
        after_labels: byLabels ? Number(labels) : null,
        nightly_at: nightly ? time : null,
        time_zone: zone,
        settings: askedSettings(choices),
      },
      {
        onSuccess: () => {
          showToast(
            byLabels || nightly
              ? 'Cycles start by themselves from now on.'
              : 'Nothing starts by itself any more.',
          )
          onClose()
        },
      },
    )
  }
  return (
    <Dialog
      title="When cycles start"
      onClose={onClose}
      onSubmit={submit}
      wide
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={set.isPending || cannot}>
            {set.isPending ? 'Saving…' : 'Save'}
          </Button>
        </>
      }
    >
      <div className={styles.fields}>
        {set.error && <ErrorNotice error={set.error} />}
        <p>
          One cycle runs at a time. If one fails, nothing starts by itself until somebody resumes it. Labeling
          goes on meanwhile, as ever.
        </p>
        <CheckField
          label="After new labels"
          hint="Labels that no cycle has seen yet, the evaluation sample not counted."
          checked={byLabels}
          onChange={setByLabels}
        />
        {byLabels && (
          <TextField
            label="New labels"
            value={labels}
            onChange={setLabels}
            error={labelsError}
            inputMode="numeric"
            short
          />
        )}
        <CheckField
          label="Every day at a time"
          hint="If there is at least one new label by then. Up to six hours later where the service was off or another cycle ran."
          checked={nightly}
          onChange={setNightly}
        />
        {nightly && (
          <TextField
            label="Time"
            hint={zone}
            type="time"
            value={time}
            onChange={setTime}
            error={timeError}
            short
          />
        )}
        <Disclosure summary="How such a cycle picks and learns">
          <div className={styles.fields}>
            <LaunchFields
              slug={project.slug}
              catalogue={catalogue}
              choices={choices}
              sizeHint="Fewer where fewer are left."
              sizeError={sizeError}
              onChange={setChoices}
            />
          </div>
        </Disclosure>
      </div>
    </Dialog>
  )
}

/** Whose time the clock on the wall here shows. */
function wallClockZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
}

function isCount(text: string): boolean {
  return /^[1-9]\d*$/.test(text.trim()) && Number(text) <= MOST_LABELS
}

/** What is set, as choices; else what a launch by hand begins with. */
function choicesOf(project: Project, { settings }: Triggers, catalogue: Catalogue): LaunchChoices {
  const { preset, acquisition, batch_size: size, ...own } = (settings ?? {}) as SettingValues
  const usual = startingChoices(catalogue, undefined)
  return {
    preset: typeof preset === 'string' ? preset : usual.preset,
    acquisition: typeof acquisition === 'string' ? acquisition : usual.acquisition,
    batchSize: String(size ?? project.settings.batch_size ?? 40),
    own,
    unread: [],
  }
}
