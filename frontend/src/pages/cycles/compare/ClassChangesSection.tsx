import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import {
  type ClassChanges,
  type ClassMove,
  classChangesQuery,
  fetchChangedParticles,
} from '../../../api/cycleModels'
import { explain } from '../../../api/problem'
import type { LabelSaid, Project } from '../../../api/types'
import { Button } from '../../../design/Button'
import { ErrorNotice } from '../../../design/Notice'
import { Section } from '../../../design/Section'
import { Skeleton } from '../../../design/Skeleton'
import { type Column, Table } from '../../../design/Table'
import { showToast } from '../../../design/Toast'
import { formatCount, formatPercent, formatPlural } from '../../../format/numbers'
import { galleryOfParticles } from '../galleryLink'

const SHOWN_AT_FIRST = 12

/** Which particles the later model calls something else, and the way to look at them. */
export function ClassChangesSection({
  project,
  before,
  after,
}: {
  project: Project
  before: number
  after: number
}) {
  const changes = useQuery(classChangesQuery(project.slug, before, after))
  return (
    <Section
      title="What changed its class"
      intro="Of the particles both models have looked at, without the evaluation sample. Small clusters of changes are worth a look: they show what the new labels taught."
    >
      {changes.isPending && <Skeleton label="Comparing what both models say" lines={6} />}
      {changes.isError && (
        <ErrorNotice
          error={changes.error}
          actions={<Button onClick={() => void changes.refetch()}>Try again</Button>}
        />
      )}
      {changes.data && <Moves project={project} changes={changes.data} />}
    </Section>
  )
}

function Moves({ project, changes }: { project: Project; changes: ClassChanges }) {
  const [all, setAll] = useState(false)
  const { compared, changed, moves } = changes
  const name = ({ kind, class_id: id }: LabelSaid) =>
    kind === 'junk' ? 'junk' : (project.classes.find((each) => each.id === id)?.name ?? 'a former class')
  const columns: Column<ClassMove>[] = [
    { title: `Cycle ${changes.before} said`, cell: (move) => name(move.was) },
    { title: `Cycle ${changes.after} says`, cell: (move) => name(move.now) },
    { title: 'Particles', numeric: true, cell: (move) => formatCount(move.count) },
    {
      title: 'Gallery',
      cell: (move) => (
        <ShowParticles
          slug={project.slug}
          changes={changes}
          move={move}
          words={`${name(move.was)} to ${name(move.now)}`}
        />
      ),
    },
  ]
  if (compared === 0) return <p>No particle was looked at by both.</p>
  return (
    <>
      <p>
        <strong>{formatPlural(changed, 'particle')}</strong> of {formatCount(compared)} (
        {formatPercent(changed / compared, 1)}) changed class.
      </p>
      {moves.length > 0 && (
        <Table
          caption="Changes of class"
          columns={columns}
          rows={all ? moves : moves.slice(0, SHOWN_AT_FIRST)}
          rowKey={(move) => `${name(move.was)}→${name(move.now)}`}
        />
      )}
      {!all && moves.length > SHOWN_AT_FIRST && (
        <Button kind="quiet" onClick={() => setAll(true)}>
          Show all {formatPlural(moves.length, 'kind')} of change
        </Button>
      )}
    </>
  )
}

function ShowParticles({
  slug,
  changes,
  move,
  words,
}: {
  slug: string
  changes: ClassChanges
  move: ClassMove
  words: string
}) {
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const show = async () => {
    setBusy(true)
    try {
      const { subtomogram_ids: ids } = await fetchChangedParticles(slug, changes, move)
      await navigate(galleryOfParticles(slug, ids))
    } catch (error) {
      showToast(explain(error).detail, 'bad')
      setBusy(false)
    }
  }
  return (
    <Button
      size="small"
      disabled={busy}
      aria-label={`Show the particles that went from ${words}`}
      onClick={() => void show()}
    >
      Show
    </Button>
  )
}
