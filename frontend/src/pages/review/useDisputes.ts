/** One sitting at the disputes: which one is before the person, what was settled, and how to take that back. */
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { disputedQuery, useAdjudicate, useReopen } from '../../api/review'
import type { Adjudication, Project, ReviewItem } from '../../api/types'
import { NO_NOTES, type Choice, type Notes } from '../../label/LabelSession'
import { isBetween } from './values'

/** A dispute that was settled in this sitting. */
export interface Settled {
  readonly id: number
  readonly eventId: number
  readonly choice: Exclude<Choice, { kind: 'skip' }>
}

export interface Disputes {
  readonly query: ReturnType<typeof useDisputedQuery>
  /** Before the person; null when nothing is left that was not skipped. */
  readonly current: ReviewItem | null
  readonly next: ReviewItem | null
  /** Not settled, the skipped ones included, whatever the filter. */
  readonly open: readonly ReviewItem[]
  readonly left: number
  readonly skipped: number
  readonly settled: readonly Settled[]
  readonly isBusy: boolean
  /** Why the last step failed. */
  readonly error: unknown
  readonly notes: Notes
  note(change: Partial<Notes>): void
  decide(choice: Choice): void
  undo(): void
  /** Show what was skipped once more. */
  lookAgain(): void
}

const useDisputedQuery = (slug: string) => useQuery(disputedQuery(slug))

/** `pair` leaves only disputes between two values, such as `barrel / rod`; empty takes all. */
export function useDisputes(project: Project, pair: string): Disputes {
  const query = useDisputedQuery(project.slug)
  const adjudicate = useAdjudicate(project.slug)
  const reopen = useReopen(project.slug)
  const [settled, setSettled] = useState<readonly Settled[]>([])
  const [skipped, setSkipped] = useState<ReadonlySet<number>>(new Set())
  const [notes, setNotes] = useState<Notes>(NO_NOTES)

  const items = query.data?.items
  const open = useMemo(() => {
    const done = new Set(settled.map(({ id }) => id))
    return (items ?? []).filter(({ subtomogram }) => !done.has(subtomogram.id))
  }, [items, settled])
  const chosen = pair === '' ? open : open.filter((item) => isBetween(item, pair, project.classes))
  const waiting = chosen.filter(({ subtomogram }) => !skipped.has(subtomogram.id))
  const current = waiting[0] ?? null

  const settle = (item: ReviewItem, choice: Settled['choice']) => {
    const { id } = item.subtomogram
    const body: Adjudication = {
      kind: choice.kind,
      class_id: choice.kind === 'class' ? choice.particleClass.id : null,
      confidence: notes.confidence,
      comment: notes.comment.trim() || null,
    }
    adjudicate.mutate(
      { id, key: crypto.randomUUID(), body },
      {
        onSuccess: ({ event_id: eventId }) => {
          setSettled((before) => [...before, { id, eventId, choice }])
          setNotes(NO_NOTES)
        },
      },
    )
  }

  return {
    query,
    current,
    next: waiting[1] ?? null,
    open,
    left: chosen.length,
    skipped: chosen.length - waiting.length,
    settled,
    isBusy: adjudicate.isPending || reopen.isPending,
    error: adjudicate.error ?? reopen.error,
    notes,
    note: (change) => setNotes((before) => ({ ...before, ...change })),
    decide: (choice) => {
      if (current === null) return
      reopen.reset()
      if (choice.kind !== 'skip') return settle(current, choice)
      setSkipped((before) => new Set(before).add(current.subtomogram.id))
      setNotes(NO_NOTES)
    },
    undo: () => {
      const last = settled.at(-1)
      if (last === undefined) return
      adjudicate.reset()
      reopen.mutate(
        { eventId: last.eventId, key: crypto.randomUUID() },
        { onSuccess: () => setSettled((before) => before.filter((other) => other !== last)) },
      )
    },
    lookAgain: () => setSkipped(new Set()),
  }
}
