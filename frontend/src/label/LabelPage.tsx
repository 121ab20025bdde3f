/** Where a person labels: the volume, the question, the answers, and how far they are. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactElement } from 'react'
import { Link } from 'react-router'
import { useStore } from 'zustand'
import { cyclesQuery } from '../api/queries'
import { ButtonLink } from '../design/Button'
import { EmptyState } from '../design/EmptyState'
import { createViewStore } from '../viewer/viewStore'
import type { DisplayVolume, Volume } from '../viewer/volume'
import { ViewerControls } from '../viewer/controls/ViewerControls'
import { openHelp } from '../keys/helpSheet'
import { useActionKeys } from '../keys/useActionKeys'
import { buildActions, GESTURES, type ActionTarget } from './actions'
import type { Project, User } from './api'
import { runningCycle } from './cycleProgress'
import { DecisionNotes } from './DecisionNotes'
import { DecisionPanel } from './DecisionPanel'
import styles from './LabelPage.module.css'
import { nextConfidence, type LabelSession } from './LabelSession'
import { RecentDecisions } from './RecentDecisions'
import { SessionBar } from './SessionBar'
import { StageCover } from './StageCover'
import { TaskCard } from './TaskCard'
import { useFillHeight } from './useFillHeight'
import { useLabelSession } from './useLabelSession'
import { viewActions } from './viewActions'
import { WhereItSits } from './WhereItSits'

// vtk.js is larger than the rest of the interface: it comes with the first volume.
const ViewerStage = lazy(() => import('../viewer/ViewerStage'))

export interface LabelPageProps {
  readonly project: Project
  readonly user: User
}

export function LabelPage({ project, user }: LabelPageProps): ReactElement {
  const isAnnotator = project.role !== 'viewer'
  if (!isAnnotator || project.classes.length === 0) {
    return (
      <div className={styles.refusal}>
        <title>{`Label · ${project.name} · Tomosift`}</title>
        {isAnnotator ? (
          <EmptyState
            title="This project has no classes yet"
            actions={<ButtonLink to={`/projects/${project.slug}`}>To the project</ButtonLink>}
          >
            Give the kinds of particle you expect a name first; labeling then offers them as answers.
          </EmptyState>
        ) : (
          <EmptyState
            title="You can look, but not label here"
            actions={<ButtonLink to={`/projects/${project.slug}`}>To the project</ButtonLink>}
          >
            Your role in this project is viewer. Its owner can make you an annotator.
          </EmptyState>
        )}
      </div>
    )
  }
  return <LabelSitting key={`${project.slug}/${user.id}`} project={project} user={user} />
}

function LabelSitting({ project, user }: LabelPageProps): ReactElement {
  const session = useLabelSession(project.slug, user.id)
  if (session === null) {
    return (
      <div className={styles.refusal} role="status">
        Opening the label page…
      </div>
    )
  }
  return <LabelDesk project={project} user={user} session={session} />
}

const NO_VOLUMES: readonly Volume[] = []

function LabelDesk({
  project,
  user,
  session,
}: LabelPageProps & { readonly session: LabelSession }): ReactElement {
  const [viewStore] = useState(() => createViewStore(user.id, project.id))
  const [display, setDisplay] = useState<DisplayVolume | null>(null)
  const queue = useStore(session.queue.store)
  const sitting = useStore(session.store)
  const cycles = useQuery(cyclesQuery(project.slug))
  const page = useRef<HTMLDivElement>(null)
  const comment = useRef<HTMLTextAreaElement>(null)
  useFillHeight(page)

  const volume = queue.current?.volume ?? null
  const aheadVolumes = queue.ahead.map((held) => held.volume)
  const upcoming = useStable(aheadVolumes.filter((ahead) => ahead !== null))
  const cycle = runningCycle(cycles.data?.items ?? [])

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
      nextConfidence: () =>
        session.note({ confidence: nextConfidence(session.store.getState().notes.confidence) }),
      writeComment: () => comment.current?.focus(),
      view: viewActions(viewStore, () => latest.current),
    }
    return buildActions(project.classes, target)
  }, [project.classes, session, viewStore])
  useActionKeys(actions, GESTURES)

  const current = queue.current
  const canDecide = current !== null && sitting.shownId === current.task.subtomogram.id
  return (
    <div className={styles.page} ref={page}>
      <title>{`Label · ${project.name} · Tomosift`}</title>
      <h1 className="visually-hidden">Label {project.name}</h1>
      <section className={styles.viewer} aria-label="Volume">
        <div className={styles.stage}>
          <Suspense fallback={null}>
            <ViewerStage
              store={viewStore}
              volume={volume}
              upcoming={upcoming}
              proteinIsDark={project.protein_contrast === 'dark'}
              onDisplay={setDisplay}
              onPainted={(volumeId) => session.onPainted(volumeId)}
            />
          </Suspense>
          <StageCover project={project} queue={session.queue} state={queue} cycle={cycle} />
        </div>
        <ViewerControls store={viewStore} volume={volume} display={display} />
      </section>
      <aside className={styles.side} aria-label="Decision">
        <TaskCard project={project} queue={session.queue} state={queue} takenBack={sitting.takenBack} />
        <DecisionPanel actions={actions} canDecide={canDecide} last={sitting.history.at(-1) ?? null} />
        {current !== null && (
          <DecisionNotes
            notes={sitting.notes}
            onChange={(change) => session.note(change)}
            commentRef={comment}
          />
        )}
        {canDecide && <WhereItSits slug={project.slug} task={current.task} classes={project.classes} />}
        <RecentDecisions history={sitting.history} onChange={(key) => void session.takeBack(key)} />
      </aside>
      <SessionBar
        session={session}
        counts={queue.counts}
        history={sitting.history}
        cycle={cycle}
        onHelp={openHelp}
        cyclesLink={<Link to={`/projects/${project.slug}/cycles`}>{cycle?.text}</Link>}
      />
    </div>
  )
}

/** The same array as long as its elements are the same. */
function useStable(volumes: readonly Volume[]): readonly Volume[] {
  const [kept, setKept] = useState(NO_VOLUMES)
  const isSame = kept.length === volumes.length && kept.every((volume, index) => volume === volumes[index])
  if (!isSame) setKept(volumes)
  return isSame ? kept : volumes
}
