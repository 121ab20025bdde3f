import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type ClassInSet, classSetQuery, type RetiredClass } from '../../../api/classSet'
import { allows, useProject } from '../../../app/projectContext'
import { Button } from '../../../design/Button'
import { ErrorNotice } from '../../../design/Notice'
import { Section } from '../../../design/Section'
import { Skeleton } from '../../../design/Skeleton'
import { type Column, Table } from '../../../design/Table'
import { formatCount } from '../../../format/numbers'
import { SettingsFrame } from '../SettingsFrame'
import { ClassDialog } from './ClassDialog'
import styles from './ClassesPage.module.css'
import { ClassSetHistory } from './ClassSetHistory'
import { ConsequenceDialog, type Deed } from './ConsequenceDialog'
import { ExampleSlices } from './ExampleSlices'

/** The classes of a project: curators describe them, owners change the set, with the consequence shown before. */
export default function ClassesPage() {
  const project = useProject()
  const classSet = useQuery(classSetQuery(project.slug))
  const [edited, setEdited] = useState<ClassInSet | 'new' | null>(null)
  const [deed, setDeed] = useState<Deed | null>(null)
  const owns = allows(project.role, 'owner')
  const classes = classSet.data?.classes ?? []
  return (
    <SettingsFrame
      title="Classes"
      forOwners={false}
      actions={
        owns && (
          <Button icon="plus" kind="primary" onClick={() => setEdited('new')}>
            Add a class
          </Button>
        )
      }
    >
      <div className={styles.parts}>
        {classSet.isPending && <Skeleton label="Loading the classes" lines={4} />}
        {classSet.error && (
          <ErrorNotice
            error={classSet.error}
            actions={<Button onClick={() => void classSet.refetch()}>Try again</Button>}
          />
        )}
        {classSet.data && (
          <ClassTable
            classes={classes}
            mayEdit={allows(project.role, 'curator')}
            owns={owns}
            onEdit={setEdited}
            onDeed={setDeed}
          />
        )}
        {classSet.data && classSet.data.retired.length > 0 && (
          <Retired rows={classSet.data.retired} owns={owns} classes={classes} onDeed={setDeed} />
        )}
        {classSet.data && <ClassSetHistory slug={project.slug} />}
      </div>
      {edited !== null && (
        <ClassDialog
          edited={edited === 'new' ? null : (classes.find(({ id }) => id === edited.id) ?? edited)}
          places={classes.length}
          place={edited === 'new' ? 0 : classes.findIndex(({ id }) => id === edited.id)}
          onClose={() => setEdited(null)}
        />
      )}
      {deed !== null && <ConsequenceDialog deed={deed} classes={classes} onClose={() => setDeed(null)} />}
    </SettingsFrame>
  )
}

function ClassTable({
  classes,
  mayEdit,
  owns,
  onEdit,
  onDeed,
}: {
  classes: ClassInSet[]
  mayEdit: boolean
  owns: boolean
  onEdit: (row: ClassInSet) => void
  onDeed: (deed: Deed) => void
}) {
  const columns: Column<ClassInSet>[] = [
    {
      title: 'Class',
      cell: (row) => (
        <span className={styles.name}>
          <span className={styles.swatch} style={{ background: row.color }} />
          {row.name}
        </span>
      ),
    },
    { title: 'Key', cell: (row) => (row.hotkey === null ? 'none' : <kbd>{row.hotkey}</kbd>) },
    { title: 'Labels', numeric: true, cell: (row) => formatCount(row.labels) },
    {
      title: 'Guidelines and examples',
      cell: (row) => (
        <>
          <p className={styles.guidelines}>{row.description || 'No guidelines yet.'}</p>
          <ExampleSlices ids={row.examples} label={`Examples of ${row.name}`} />
        </>
      ),
    },
  ]
  if (mayEdit) {
    columns.push({
      title: 'Change',
      cell: (row) => (
        <div className={styles.deeds}>
          <Button size="small" aria-label={`Edit ${row.name}`} onClick={() => onEdit(row)}>
            Edit
          </Button>
          {owns &&
            (['merge', 'split', 'retire'] as const)
              .filter((kind) => kind === 'split' || classes.length > 1)
              .map((kind) => (
                <Button
                  key={kind}
                  size="small"
                  aria-label={`${VERBS[kind]} ${row.name}`}
                  onClick={() => onDeed({ kind, row })}
                >
                  {VERBS[kind]}
                </Button>
              ))}
        </div>
      ),
    })
  }
  return <Table caption="Classes" columns={columns} rows={classes} rowKey={({ id }) => id} />
}

const VERBS = { merge: 'Merge', split: 'Split', retire: 'Retire' }

function Retired({
  rows,
  classes,
  owns,
  onDeed,
}: {
  rows: RetiredClass[]
  classes: ClassInSet[]
  owns: boolean
  onDeed: (deed: Deed) => void
}) {
  const names = new Map([...classes, ...rows].map(({ id, name }) => [id, name]))
  return (
    <Section
      title="Retired classes"
      intro="Decisions for them stay as they were said, and each can come back."
    >
      <Table
        caption="Retired classes"
        rows={rows}
        rowKey={({ id }) => id}
        columns={[
          { title: 'Class', cell: (row) => row.name },
          {
            title: 'Its labels count',
            cell: (row) =>
              row.merged_into_id === null
                ? 'for nothing'
                : `as ${names.get(row.merged_into_id) ?? 'another class'}`,
          },
          { title: 'Since version', numeric: true, cell: (row) => row.retired_in_version },
          {
            title: 'Change',
            cell: (row) =>
              owns && (
                <Button
                  size="small"
                  aria-label={`Restore ${row.name}`}
                  onClick={() => onDeed({ kind: 'restore', row })}
                >
                  Restore
                </Button>
              ),
          },
        ]}
      />
    </Section>
  )
}
