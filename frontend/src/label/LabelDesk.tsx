/** The desk: the volume, the question, the answers, and how far the person is. */
import { useQuery } from '@tanstack/react-query'
import {
  lazy,
  Suspense,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactElement,
  type RefObject,
} from 'react'
import { Link } from 'react-router'
import { useStore } from 'zustand'
import { explain } from '../api/problem'
import { cyclesQuery } from '../api/queries'
import { DeskPage } from '../app/DeskPage'
import { showToast } from '../design/Toast'
import { openHelp } from '../keys/helpSheet'
import { useActionKeys } from '../keys/useActionKeys'
import { ViewerControls } from '../viewer/controls/ViewerControls'
import { createViewStore } from '../viewer/viewStore'
import type { DisplayVolume, Volume } from '../viewer/volume'
import { buildActions, GESTURES, type ActionTarget } from './actions'
import { readSubtomogram, type Project, type User } from './api'
import { ClassMenu } from './ClassMenu'
import { runningCycle } from './cycleProgress'
import { DecisionNotes } from './DecisionNotes'
import { DecisionPanel } from './DecisionPanel'
import styles from './LabelPage.module.css'
import { nextConfidence, type LabelSession } from './LabelSession'
import { ModelSaid } from './ModelSaid'
import { BatchReportDialog, NewestBatchReport } from './NewestBatchReport'
import { RecentDecisions } from './RecentDecisions'
import { SessionBar } from './SessionBar'
import { SimilarLabeled } from './SimilarLabeled'
import { StageCover } from './StageCover'
import { chancesOf, showsSuggestions, SuggestionLine, useSuggestion } from './suggestions'
import { TaskCard } from './TaskCard'
import { afterPaint, useAfterPaint } from './useAfterPaint'
import { useDenoised } from './useDenoised'
import { viewActions } from './viewActions'
import { WhereItSits } from './WhereItSits'

// vtk.js is larger than the rest of the interface: it comes with the first volume.
const ViewerStage = lazy(() => import('../viewer/ViewerStage'))

const NO_VOLUMES: readonly Volume[] = []

interface LabelDeskProps {
  readonly project: Project
  readonly user: User
  readonly session: LabelSession
}

export function LabelDesk({ project, user, session }: LabelDeskProps): ReactElement {
  const [viewStore] = useState(() => createViewStore(user.id, project.id))
  const [display, setDisplay] = useState<DisplayVolume | null>(null)
  const [open, setOpen] = useState<'classes' | 'report' | null>(null)
  const queue = useAfterPaint(session.queue.store)
  const sitting = useAfterPaint(session.store)
  const wantsDenoised = useStore(viewStore, ({ denoised, layersOpen }) => denoised || layersOpen)
  const cycles = useQuery(cyclesQuery(project.slug)).data?.items ?? []
  const comment = useRef<HTMLTextAreaElement>(null)

  const { current, ahead } = queue
  const volume = current?.volume ?? null
  const upcoming = useStable(ahead.flatMap((held) => held.volume ?? []))
  const held = current === null ? ahead : [current, ...ahead]
  const denoised = useDenoised(
    project.slug,
    held.map(({ task }) => task.subtomogram),
    wantsDenoised,
  )
  const cycle = runningCycle(cycles)
  const hasSuggestions = showsSuggestions(project, cycles)
  const canDecide = current !== null && sitting.shownId === current.task.subtomogram.id
  const suggestion = useSuggestion(project, session, current?.task ?? null, canDecide && hasSuggestions)

  const latest = useRef({ volume, display })
  useEffect(() => {
    latest.current = { volume, display }
  }, [volume, display])
  const actions = useMemo(() => {
    const target: ActionTarget = {
      canDecide: () => session.canDecide(),
      canUndo: () => session.store.getState().history.length > 0,
      decide: (choice) => void session.decide(choice),
      undo: () => void session.undo(),
      findClass: () => setOpen('classes'),
      nextConfidence: () =>
        session.note({ confidence: nextConfidence(session.store.getState().notes.confidence) }),
      writeComment: () => comment.current?.focus(),
      view: viewActions(viewStore, () => latest.current),
    }
    return buildActions(project.classes, target)
  }, [project.classes, session, viewStore])
  useActionKeys(actions, GESTURES)

  const follow = useCallback(
    (show: (volume: Volume | null) => void) =>
      session.queue.store.subscribe(({ current: now }) => show(now?.volume ?? null)),
    [session],
  )
  const onDisplay = useCallback((next: DisplayVolume | null) => void afterPaint(() => setDisplay(next)), [])
  const onPainted = useCallback((volumeId: string) => session.onPainted(volumeId), [session])
  const choose = useCallback(
    (id: number): void => {
      readSubtomogram(project.slug, id).then(
        (subtomogram) => session.queue.choose(subtomogram),
        (error: unknown) => showToast(explain(error).detail, 'bad'),
      )
    },
    [project.slug, session],
  )
  const last = sitting.history.at(-1) ?? null
  const report = { cycles, number: queue.arrivedBatch, counts: queue.counts }
  const close = (): void => setOpen(null)
  return (
    <DeskPage project={project} title="Label" heading={`Label ${project.name}`} className={styles.page}>
      <section className={styles.viewer} aria-label="Volume">
        <div className={styles.stage}>
          <Suspense fallback={null}>
            <ViewerStage
              store={viewStore}
              volume={volume}
              upcoming={upcoming}
              denoised={denoised.volumes}
              denoisedNote={denoised.note}
              proteinIsDark={project.protein_contrast === 'dark'}
              onDisplay={onDisplay}
              onPainted={onPainted}
              follow={follow}
            />
          </Suspense>
          <StageCover
            project={project}
            queue={session.queue}
            state={queue}
            cycle={cycle}
            report={<NewestBatchReport {...report} />}
          />
        </div>
        <ViewerControls store={viewStore} volume={volume} display={display} />
      </section>
      <aside className={styles.side} aria-label="Decision">
        <TaskCard
          project={project}
          queue={session.queue}
          state={queue}
          takenBack={sitting.takenBack}
          onReport={() => setOpen('report')}
        />
        <SuggestionLine project={project} view={suggestion} />
        <DecisionPanel
          slug={project.slug}
          actions={actions}
          canDecide={canDecide}
          chances={chancesOf(suggestion)}
          last={last}
          lastNote={
            last !== null && (
              <ModelSaid project={project} session={session} past={last} isWanted={hasSuggestions} />
            )
          }
        />
        {current !== null && <SittingNotes session={session} commentRef={comment} />}
        {canDecide && (
          <WhereItSits slug={project.slug} task={current.task} classes={project.classes} onChoose={choose} />
        )}
        {canDecide && cycles.some(({ stage }) => stage === 'ready') && (
          <SimilarLabeled project={project} session={session} task={current.task} history={sitting.history} />
        )}
        <RecentDecisions
          project={project}
          session={session}
          history={sitting.history}
          hasSuggestions={hasSuggestions}
        />
      </aside>
      <SessionBar
        session={session}
        counts={queue.counts}
        history={sitting.history}
        cycle={cycle}
        onHelp={openHelp}
        cyclesLink={<Link to={`/projects/${project.slug}/cycles`}>{cycle?.text}</Link>}
      />
      {open === 'classes' && (
        <ClassMenu slug={project.slug} actions={actions} canDecide={canDecide} onClose={close} />
      )}
      {open === 'report' && <BatchReportDialog {...report} onClose={close} />}
    </DeskPage>
  )
}

/** The same array as long as its elements are the same. */
function useStable(volumes: readonly Volume[]): readonly Volume[] {
  const [kept, setKept] = useState(NO_VOLUMES)
  const isSame = kept.length === volumes.length && kept.every((volume, index) => volume === volumes[index])
  if (!isSame) setKept(volumes)
  return isSame ? kept : volumes
}

/** Read without the wait for a frame: a field that gets its text back late loses what was typed meanwhile. */
function SittingNotes({
  session,
  commentRef,
}: {
  session: LabelSession
  commentRef: RefObject<HTMLTextAreaElement | null>
}): ReactElement {
  const notes = useStore(session.store, (sitting) => sitting.notes)
  return <DecisionNotes notes={notes} onChange={(change) => session.note(change)} commentRef={commentRef} />
}
