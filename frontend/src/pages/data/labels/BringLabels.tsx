import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useImportLabels } from '../../../api/labelImports'
import { jobQuery } from '../../../api/queries'
import type { Job, Project, Source } from '../../../api/types'
import { allows } from '../../../app/projectContext'
import { Button } from '../../../design/Button'
import { CopyLine } from '../../../design/CopyLine'
import { ChoiceField, TextField } from '../../../design/Field'
import { ProgressBar } from '../../../design/Meter'
import { ErrorNotice, Notice } from '../../../design/Notice'
import { Prose } from '../../../design/Prose'
import { Segmented } from '../../../design/Segmented'
import { SelectField } from '../../../design/SelectField'
import { share } from '../../../format/numbers'
import { ClassMapping } from '../bring/ClassMapping'
import bring from '../bring/BringData.module.css'
import { newClasses } from '../bring/bringForm'
import { ImporterField } from '../bring/ImporterField'
import { LABEL_USES } from '../bring/LabelFields'
import { isUnderWay } from '../jobState'
import { describeOutcome, formErrors, type LabelForm, labelRequest, unknownValues } from './labelForm'

const REFRESH_MS = 700
const PLACES: { value: LabelForm['from'] | 'command'; title: string }[] = [
  { value: 'list', title: 'In an imported list' },
  { value: 'server', title: 'In a file on the server' },
  { value: 'command', title: 'On your computer' },
]

/** Classes that another program gave to particles of the pool, as labels, predictions or truth. */
export function BringLabels({ project, sources }: { project: Project; sources: readonly Source[] }) {
  const [place, setPlace] = useState<LabelForm['from'] | 'command'>('list')
  const [form, setForm] = useState<LabelForm>({
    from: 'list',
    sourceId: sources[0]?.id ?? '',
    path: '',
    column: '',
    use: 'labels',
    importer: '',
    classes: {},
  })
  const [tried, setTried] = useState(false)
  const start = useImportLabels(project.slug)
  const jobId = start.data?.id ?? null
  const job = useQuery({
    ...jobQuery(project.slug, jobId ?? ''),
    enabled: jobId !== null,
    refetchInterval: (query) => (query.state.data && !isUnderWay(query.state.data) ? false : REFRESH_MS),
  }).data
  const unknown = unknownValues(job?.problem ?? null)
  const added = newClasses(form, namesOf(project))
  const mayAdd = added.length === 0 || allows(project.role, 'owner')
  const errors = formErrors(form)
  const busy = start.isPending || (jobId !== null && (job === undefined || isUnderWay(job)))
  const change = (changes: Partial<LabelForm>) => setForm({ ...form, ...changes })
  const choosePlace = (to: typeof place) => {
    setPlace(to)
    if (to !== 'command') change({ from: to, column: '' })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(errors).length > 0 || !mayAdd || busy) return
    // Values that were asked about and left empty are left out.
    const asked = Object.fromEntries(unknown.map(({ value }) => [value, '']))
    const whole = { ...form, classes: { ...asked, ...form.classes } }
    setForm(whole)
    start.mutate(labelRequest(whole, added.length > 0))
  }

  return (
    <form className={bring.fields} noValidate onSubmit={submit}>
      <div>
        <Segmented label="Where the labels are" options={PLACES} value={place} onChange={choosePlace} />
      </div>
      {place === 'command' ? (
        <CopyLine
          label="Command that imports labels"
          text={`tomosift labels import classes.csv --project ${project.slug} --importer "Class3D job042"`}
        />
      ) : (
        <>
          <Place
            form={form}
            sources={sources}
            pathError={tried ? errors.path : undefined}
            onChange={change}
          />
          <ChoiceField
            label="What they become"
            choices={LABEL_USES}
            value={form.use}
            onChange={(use) => change({ use: use as LabelForm['use'] })}
          />
          <ImporterField
            label="Where these labels are from"
            value={form.importer}
            onChange={(importer) => change({ importer })}
            error={tried ? (errors.importer ?? null) : null}
          />
          {unknown.length > 0 && (
            <>
              <Notice title="Some values are the name of no class">
                Say which class each one is. Nothing has been written yet.
              </Notice>
              <ClassMapping
                values={unknown}
                classes={project.classes}
                mapping={form.classes}
                onChange={(classes) => change({ classes })}
              />
            </>
          )}
          {!mayAdd && (
            <Notice tone="warn" title="Only an owner of the project adds classes">
              Map {added.join(', ')} to classes that are there, or leave them out.
            </Notice>
          )}
          {start.error && <ErrorNotice error={start.error} />}
          {job && <Outcome job={job} asks={unknown.length > 0} />}
          <div className={bring.actions}>
            <Button kind="primary" type="submit" disabled={busy || !mayAdd}>
              {busy ? 'Importing labels…' : 'Import labels'}
            </Button>
            <span className={bring.muted}>All of them, or none if a value is unknown.</span>
          </div>
        </>
      )}
    </form>
  )
}

const namesOf = (project: Project) => project.classes.map(({ name }) => name)

function Place({
  form,
  sources,
  pathError,
  onChange,
}: {
  form: LabelForm
  sources: readonly Source[]
  pathError: string | undefined
  onChange: (changes: Partial<LabelForm>) => void
}) {
  if (form.from === 'server') {
    return (
      <div className={bring.pair}>
        <TextField
          label="Path of the file on the server"
          hint="CSV, TSV, Parquet or a particle list. A column named id, row or name says which particle; a particle list is matched by places."
          placeholder="/data/Class3D/job042/run_it025_data.star"
          value={form.path}
          onChange={(path) => onChange({ path })}
          error={pathError ?? null}
          autoComplete="off"
          spellCheck={false}
        />
        <TextField
          label="Column with the classes"
          hint="Empty: recognised by its name."
          placeholder="rlnClassNumber"
          value={form.column}
          onChange={(column) => onChange({ column })}
          spellCheck={false}
        />
      </div>
    )
  }
  const columns = sources.find(({ id }) => id === form.sourceId)?.columns ?? []
  return (
    <div className={bring.pair}>
      <SelectField
        label="Imported list"
        options={sources.map(({ id, name }) => ({ value: id, title: name }))}
        value={form.sourceId}
        onChange={(sourceId) => onChange({ sourceId, column: '' })}
      />
      <SelectField
        label="Column with the classes"
        options={[
          { value: '', title: 'Recognised by its name' },
          ...columns.map((column) => ({ value: column, title: column })),
        ]}
        value={form.column}
        onChange={(column) => onChange({ column })}
      />
    </div>
  )
}

/** How far the job is, or how it ended; a job that only asks for a mapping says so elsewhere. */
function Outcome({ job, asks }: { job: Job; asks: boolean }) {
  if (isUnderWay(job)) {
    return <ProgressBar label="Import of labels" value={share(job.progress?.done, job.progress?.total)} />
  }
  if (job.state === 'succeeded') return <Notice tone="good" title={describeOutcome(job)} />
  if (asks) return null
  return (
    <Notice tone="bad" title={job.problem?.title ?? 'The labels were not imported'}>
      <Prose text={job.problem?.detail ?? 'Nothing was written.'} />
    </Notice>
  )
}
