import { useState } from 'react'
import { useStartImport } from '../../../api/actions'
import type { ImportPreview, Project } from '../../../api/types'
import { allows } from '../../../app/projectContext'
import { Button } from '../../../design/Button'
import { ErrorNotice, Notice } from '../../../design/Notice'
import { showToast } from '../../../design/Toast'
import { formatPlural } from '../../../format/numbers'
import styles from './BringData.module.css'
import {
  type BringOptions,
  type FilesChoice,
  importBody,
  type LabelChoice,
  labelImport,
  newClasses,
  startingClasses,
} from './bringForm'
import { LabelFields } from './LabelFields'

/** The last step: what becomes of classes the list brings, and the start of the import. */
export function ImportStep({
  project,
  files,
  options,
  preview,
  onStarted,
}: {
  project: Project
  files: FilesChoice
  options: BringOptions
  preview: ImportPreview
  onStarted: () => void
}) {
  const start = useStartImport(project.slug)
  const [tried, setTried] = useState(false)
  const classNames = project.classes.map(({ name }) => name)
  const [choice, setChoice] = useState<LabelChoice>(() => ({
    use: 'ignore',
    importer: '',
    classes: startingClasses(preview, classNames),
  }))
  const importerError =
    choice.use !== 'ignore' && choice.importer.trim() === '' ? 'Give them a name, such as the job’s.' : null
  const added = choice.use === 'ignore' ? [] : newClasses(choice, classNames)
  const mayAdd = added.length === 0 || allows(project.role, 'owner')
  const count = options.replaces ? preview.row_count : preview.new_count

  const begin = () => {
    setTried(true)
    if (importerError !== null || !mayAdd) return
    start
      .mutateAsync(importBody(files, options, labelImport(choice, preview, classNames)))
      .then(() => {
        showToast('The import has started.')
        onStarted()
      })
      .catch(() => undefined) // shown from `start.error`
  }
  if (count === 0) {
    return (
      <p className={styles.muted}>Every particle of this list is in the pool already: nothing to import.</p>
    )
  }
  return (
    <div className={styles.fields}>
      {preview.class_column !== null && (
        <LabelFields
          preview={preview}
          classes={project.classes}
          choice={choice}
          importerError={tried ? importerError : null}
          onChange={(changes) => setChoice({ ...choice, ...changes })}
        />
      )}
      {added.length > 0 &&
        (mayAdd ? (
          <Notice>
            {added.length === 1 ? 'A class is added' : 'Classes are added'} to the project: {added.join(', ')}
            .
          </Notice>
        ) : (
          <Notice tone="warn" title="Only an owner of the project adds classes">
            Map {added.join(', ')} to classes that are there, or leave them out.
          </Notice>
        ))}
      {start.error && <ErrorNotice error={start.error} />}
      <div className={styles.actions}>
        <Button kind="primary" disabled={start.isPending || !mayAdd} onClick={begin}>
          {start.isPending ? 'Starting…' : `Import ${formatPlural(count, 'particle')}`}
        </Button>
        <span className={styles.muted}>All of them, or none if something is wrong.</span>
      </div>
    </div>
  )
}
