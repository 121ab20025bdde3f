import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useStore } from 'zustand'
import { volumeQuery } from '../../api/review'
import type { Project, ReviewItem } from '../../api/types'
import { useUser } from '../../app/userContext'
import { Badge } from '../../design/Badge'
import { Button, ButtonLink } from '../../design/Button'
import { EmptyState } from '../../design/EmptyState'
import { ErrorNotice } from '../../design/Notice'
import { SelectField } from '../../design/SelectField'
import { Skeleton } from '../../design/Skeleton'
import { formatCount, formatPlural } from '../../format/numbers'
import { openHelp } from '../../keys/helpSheet'
import { useActionKeys } from '../../keys/useActionKeys'
import { buildActions, GESTURES, type Action } from '../../label/actions'
import { ClassMenu } from '../../label/ClassMenu'
import { DecisionNotes } from '../../label/DecisionNotes'
import { DecisionPanel } from '../../label/DecisionPanel'
import { nextConfidence } from '../../label/LabelSession'
import { useDenoised } from '../../label/useDenoised'
import { useFillHeight } from '../../label/useFillHeight'
import { viewActions } from '../../label/viewActions'
import { ViewerControls } from '../../viewer/controls/ViewerControls'
import { createViewStore } from '../../viewer/viewStore'
import type { ViewStore } from '../../viewer/viewState'
import type { DisplayVolume, Volume } from '../../viewer/volume'
import styles from './DisputeDesk.module.css'
import { OpinionCards } from './OpinionCards'
import { useDisputes, type Disputes } from './useDisputes'
import { disputePairs } from './values'

const ViewerStage = lazy(() => import('../../viewer/ViewerStage'))

/** Disputed particles one after the other: the volume, all opinions, and the word that settles it. */
export function DisputeDesk({ project }: { project: Project }) {
  const [pair, setPair] = useState('')
  const disputes = useDisputes(project, pair)
  const { query } = disputes
  if (query.isPending)
    return (
      <Plain>
        <Skeleton label="Loading the disputes" lines={6} />
      </Plain>
    )
  if (query.isError) {
    return (
      <Plain>
        <ErrorNotice
          error={query.error}
          actions={<Button onClick={() => void query.refetch()}>Try again</Button>}
        />
      </Plain>
    )
  }
  return <Desk project={project} disputes={disputes} pair={pair} onPair={setPair} />
}

const Plain = ({ children }: { children: ReactNode }) => <div className={styles.plain}>{children}</div>

interface DeskProps {
  project: Project
  disputes: Disputes
  pair: string
  onPair: (pair: string) => void
}

function Desk({ project, disputes, pair, onPair }: DeskProps) {
  const user = useUser()
  const [viewStore] = useState(() => createViewStore(user.id, project.id))
  const [display, setDisplay] = useState<DisplayVolume | null>(null)
  const [paintedId, setPaintedId] = useState<string | null>(null)
  const [menuOpen, setMenuOpen] = useState(false)
  const wantsDenoised = useStore(viewStore, ({ denoised, layersOpen }) => denoised || layersOpen)
  const page = useRef<HTMLDivElement>(null)
  const comment = useRef<HTMLTextAreaElement>(null)
  useFillHeight(page)

  const { current, next } = disputes
  const shown = useVolume(current)
  const ahead = useVolume(next).volume
  const upcoming = useMemo(() => (ahead === null ? [] : [ahead]), [ahead])
  const canDecide = current !== null && paintedId === current.subtomogram.volume_url && !disputes.isBusy
  const actions = useDeskActions({
    project,
    viewStore,
    disputes,
    canDecide,
    shown: { volume: shown.volume, display },
    writeComment: () => comment.current?.focus(),
    findClass: () => setMenuOpen(true),
  })
  const particles = [current, next].flatMap((item) => item?.subtomogram ?? [])
  const denoised = useDenoised(project.slug, particles, wantsDenoised)
  useActionKeys(actions, GESTURES)

  const last = disputes.settled.at(-1)
  return (
    <div className={styles.desk} ref={page}>
      <section className={styles.viewer} aria-label="Volume">
        <div className={styles.stage}>
          <Suspense fallback={null}>
            <ViewerStage
              store={viewStore}
              volume={shown.volume}
              upcoming={upcoming}
              denoised={denoised.volumes}
              denoisedNote={denoised.note}
              proteinIsDark={project.protein_contrast === 'dark'}
              onDisplay={setDisplay}
              onPainted={setPaintedId}
            />
          </Suspense>
          {current === null && (
            <div className={styles.cover}>
              <NothingLeft project={project} disputes={disputes} isFiltered={pair !== ''} />
            </div>
          )}
          {shown.error !== null && (
            <div className={styles.cover}>
              <ErrorNotice error={shown.error} />
            </div>
          )}
        </div>
        <ViewerControls store={viewStore} volume={shown.volume} display={display} />
      </section>
      <section className={styles.opinions} aria-label="What was said">
        {current !== null && <OpinionCards opinions={current.opinions} project={project} />}
      </section>
      <aside className={styles.side} aria-label="Adjudication">
        <Progress disputes={disputes} />
        <PairFilter project={project} disputes={disputes} pair={pair} onPair={onPair} />
        {current !== null && <Question item={current} />}
        {disputes.error !== null && <ErrorNotice error={disputes.error} />}
        <DecisionPanel
          slug={project.slug}
          actions={actions}
          canDecide={canDecide}
          last={last === undefined ? null : { choice: last.choice, answer: 'accepted' }}
        />
        {current !== null && (
          <DecisionNotes notes={disputes.notes} onChange={disputes.note} commentRef={comment} />
        )}
        <div>
          <Button kind="quiet" size="small" onClick={openHelp}>
            Keys <kbd>?</kbd>
          </Button>
        </div>
      </aside>
      {menuOpen && (
        <ClassMenu
          slug={project.slug}
          actions={actions}
          canDecide={canDecide}
          onClose={() => setMenuOpen(false)}
        />
      )}
    </div>
  )
}

function useVolume(item: ReviewItem | null): { volume: Volume | null; error: unknown } {
  const enabled = item !== null
  const found = useQuery({
    ...(enabled ? volumeQuery(item.subtomogram) : { queryKey: ['volume', 'none'], queryFn: () => null }),
    enabled,
  } as ReturnType<typeof volumeQuery>)
  return { volume: enabled ? (found.data ?? null) : null, error: enabled ? found.error : null }
}

interface DeskTargets {
  project: Project
  viewStore: ViewStore
  disputes: Disputes
  canDecide: boolean
  shown: { volume: Volume | null; display: DisplayVolume | null }
  writeComment: () => void
  findClass: () => void
}

/** The label page's own table of actions, so that the same keys give the same answers. */
function useDeskActions(targets: DeskTargets): readonly Action[] {
  const { project, viewStore } = targets
  const latest = useRef(targets)
  useEffect(() => {
    latest.current = targets
  })
  return useMemo(
    () =>
      buildActions(project.classes, {
        canDecide: () => latest.current.canDecide,
        canUndo: () => latest.current.disputes.settled.length > 0 && !latest.current.disputes.isBusy,
        decide: (choice) => latest.current.disputes.decide(choice),
        undo: () => latest.current.disputes.undo(),
        nextConfidence: () => {
          const { notes, note } = latest.current.disputes
          note({ confidence: nextConfidence(notes.confidence) })
        },
        writeComment: () => latest.current.writeComment(),
        findClass: () => latest.current.findClass(),
        view: viewActions(viewStore, () => latest.current.shown),
      }),
    [project.classes, viewStore],
  )
}

function Progress({ disputes }: { disputes: Disputes }) {
  const { settled, left, skipped, query } = disputes
  const more = query.data?.next == null ? '' : ' or more'
  return (
    <p className={styles.progress} role="status">
      <b>{formatCount(settled.length)}</b> settled now · <b>{formatCount(left)}</b>
      {more} left{skipped > 0 && `, ${formatCount(skipped)} skipped`}
    </p>
  )
}

function PairFilter({ project, disputes, pair, onPair }: DeskProps) {
  const pairs = disputePairs(disputes.open, project.classes)
  const options = pairs.map(({ name, count }) => ({ value: name, title: `${name} (${formatCount(count)})` }))
  if (pair !== '' && !pairs.some(({ name }) => name === pair))
    options.push({ value: pair, title: `${pair} (0)` })
  if (options.length === 0) return null
  const choose = (value: string): void => {
    onPair(value)
    // The keys belong to the answers again, not to the list.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  }
  return (
    <SelectField
      label="Between"
      options={[{ value: '', title: 'Any two answers' }, ...options]}
      value={pair}
      onChange={choose}
    />
  )
}

function Question({ item }: { item: ReviewItem }) {
  const { subtomogram } = item
  return (
    <div className={styles.question}>
      <h2>What is it?</h2>
      <p>
        {subtomogram.name}
        {subtomogram.tomogram !== null && ` · ${subtomogram.tomogram}`}
      </p>
      {item.in_evaluation && <Badge>evaluation sample</Badge>}
      <p>Your word counts more than all opinions; they stay as they are.</p>
    </div>
  )
}

function NothingLeft(props: { project: Project; disputes: Disputes; isFiltered: boolean }) {
  const { project, disputes, isFiltered } = props
  const { skipped, settled, query } = disputes
  if (skipped > 0) {
    return (
      <EmptyState
        title="The rest you skipped"
        actions={
          <Button kind="primary" onClick={disputes.lookAgain}>
            Look at them again
          </Button>
        }
      >
        {formatPlural(skipped, 'dispute')} left open. Others can settle them too.
      </EmptyState>
    )
  }
  if (query.data?.next != null) {
    return (
      <EmptyState
        title="There are further disputes"
        actions={
          <Button kind="primary" disabled={query.isFetching} onClick={() => void query.refetch()}>
            Go on
          </Button>
        }
      >
        {formatPlural(settled.length, 'dispute')} settled in this sitting.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title={isFiltered ? 'No dispute between these' : 'Nothing is disputed'}
      actions={<ButtonLink to={`/projects/${project.slug}/label`}>Label particles</ButtonLink>}
    >
      {settled.length > 0
        ? `${formatPlural(settled.length, 'dispute')} settled in this sitting.`
        : 'Where people answer differently about a particle, it appears here.'}
    </EmptyState>
  )
}
