import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { useStartExport } from '../../api/actions'
import { exportPreviewQuery } from '../../api/queries'
import type { ExportPreview, Project } from '../../api/types'
import { Button } from '../../design/Button'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { showToast } from '../../design/Toast'
import { formatCount, formatPlural } from '../../format/numbers'
import { usualClasses } from './ClassTable'
import styles from './ExportPage.module.css'
import { choiceOf, choiceOfAll, type ExportForm, exportRequest, formError, formOfAddress } from './exportForm'
import { ExpectedPurity } from './ExpectedPurity'
import { ParticleChoice } from './ParticleChoice'
import { useSettled } from './useSettled'
import { WritingChoice } from './WritingChoice'

const SETTLE_MS = 200

/** Choose particles and a way to write them, see at once what that holds, and start the export. */
export function NewExport({ project, onStarted }: { project: Project; onStarted: () => void }) {
  const [search] = useSearchParams()
  const [draft, setDraft] = useState<ExportForm>(() => formOfAddress(search))
  const settled = useSettled(draft, SETTLE_MS)
  const all = useQuery({
    ...exportPreviewQuery(project.slug, choiceOfAll(settled)),
    placeholderData: keepPreviousData,
  })
  const form = { ...draft, classes: draft.classes ?? (all.data ? usualClasses(all.data.classes) : null) }
  const selected = useQuery({
    ...exportPreviewQuery(project.slug, choiceOf({ ...settled, classes: settled.classes ?? form.classes })),
    placeholderData: keepPreviousData,
    enabled: all.data !== undefined && formError(form) === null,
  })
  const start = useStartExport(project.slug)
  const change = (changes: Partial<ExportForm>) => setDraft({ ...form, ...changes })
  const error = formError(form)

  if (all.data === undefined) {
    return all.error ? (
      <ErrorNotice
        error={all.error}
        actions={<Button onClick={() => void all.refetch()}>Try again</Button>}
      />
    ) : (
      <Skeleton label="Counting particles" lines={8} />
    )
  }
  const begin = () =>
    start.mutate(exportRequest(form), {
      onSuccess: () => {
        showToast('The export has started.')
        onStarted()
      },
    })
  return (
    <>
      <Section title="Which particles" intro={<Origin preview={all.data} />}>
        <ParticleChoice form={form} all={all.data} selected={selected.data} onChange={change} />
      </Section>
      <Section title="How they are written">
        <WritingChoice slug={project.slug} form={form} onChange={change} />
      </Section>
      <div className={styles.start}>
        {(start.error ?? selected.error) && <ErrorNotice error={start.error ?? selected.error} />}
        {error !== null && <Notice tone="warn">{error}</Notice>}
        <div className={styles.actions}>
          <Button
            kind="primary"
            size="large"
            disabled={error !== null || start.isPending || selected.data?.selected === 0}
            onClick={begin}
          >
            {start.isPending ? 'Starting…' : 'Export'}
          </Button>
          <p role="status">
            {selected.data && error === null && (
              <>
                <strong>{formatPlural(selected.data.selected, 'particle')}</strong> of{' '}
                {formatCount(selected.data.total)} in the project
                <ExpectedPurity chosen={selected.data.chosen} />
              </>
            )}
          </p>
        </div>
      </div>
    </>
  )
}

/** Where predictions come from, and what the figures rest on. */
function Origin({ preview: { predictions } }: { preview: ExportPreview }) {
  if (predictions.kind === 'none') return 'There are no predictions yet: only labeled particles have a class.'
  if (predictions.kind === 'import')
    return 'Predictions are the ones that were imported; no cycle has run yet.'
  return (
    <>
      Predictions are those of cycle {predictions.cycle}. What fraction of them is right is measured on the
      evaluation particles, which the model never learned from.
    </>
  )
}
