import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useStore } from 'zustand'
import type { Project, User } from '../../api/types'
import { DeskPage } from '../../app/DeskPage'
import { showToast } from '../../design/Toast'
import { formatCount } from '../../format/numbers'
import { galleryActions, GESTURES } from '../../gallery/actions'
import { filterFrom, searchOf, type GalleryFilter } from '../../gallery/filter'
import type { GalleryChoice } from '../../gallery/GalleryDecisions'
import { createLookStore, SIZE_STEP, soundLook } from '../../gallery/lookStore'
import { joined, MOST_SELECTED, NOTHING_SELECTED, only } from '../../gallery/selection'
import type { GalleryItem } from '../../gallery/types'
import { useActionKeys } from '../../keys/useActionKeys'
import { DecideBar } from './DecideBar'
import { FilterBar } from './FilterBar'
import { GalleryCover } from './GalleryCover'
import styles from './GalleryDesk.module.css'
import { GalleryGrid, type GridHandle } from './GalleryGrid'
import { JumpField } from './JumpField'
import { LookControls, type DragTool } from './LookControls'
import { ParticlePanel } from './ParticlePanel'
import { useGalleryDecisions } from './useGalleryDecisions'
import { useGalleryItems } from './useGalleryItems'

export function GalleryDesk({ project, user }: { project: Project; user: User }) {
  const [search, setSearch] = useSearchParams()
  const address = search.toString()
  const filter = useMemo(
    () => filterFrom(new URLSearchParams(address), project.classes),
    [address, project.classes],
  )
  const items = useGalleryItems(project.slug, filter)
  const state = useStore(items.store)
  const desk = useGalleryDecisions(project.slug, user.id, items)
  const [lookStore] = useState(() => createLookStore(user.id, project.id))
  const look = useStore(lookStore)
  const [selection, setSelection] = useState(NOTHING_SELECTED)
  const [opened, setOpened] = useState<number | null>(null)
  const [tool, setTool] = useState<DragTool>('rectangle')
  const grid = useRef<GridHandle>(null)

  // Ranks mean something else under another filter.
  const [shownItems, setShownItems] = useState(items)
  if (shownItems !== items) {
    setShownItems(items)
    setSelection(NOTHING_SELECTED)
    setOpened(null)
  }

  const change = (next: GalleryFilter): void =>
    setSearch(searchOf(next, project.classes, search.get('ids')), { replace: true })
  const openedItem = opened === null ? null : items.at(opened)
  const aimed = useMemo(
    () =>
      selection.chosen.size > 0 ? [...selection.chosen.values()] : openedItem === null ? [] : [openedItem],
    [selection.chosen, openedItem],
  )
  const mayDecide = project.role !== 'viewer'

  const selectAll = useCallback(async (): Promise<void> => {
    const { count, isCapped } = items.store.getState()
    const found = await items.between(0, Math.min(count ?? 0, MOST_SELECTED) - 1)
    setSelection(joined(only([], 0), found))
    if ((count ?? 0) > MOST_SELECTED || isCapped) {
      showToast(`The first ${formatCount(MOST_SELECTED)} are selected: more cannot be at once.`)
    }
  }, [items])

  const actions = useGalleryActions({
    project,
    aimed: mayDecide ? aimed : NOBODY,
    desk,
    selectAll,
    clear: () => (selection.chosen.size > 0 ? setSelection(NOTHING_SELECTED) : setOpened(null)),
    lookStore,
  })
  useActionKeys(actions, GESTURES)

  return (
    <DeskPage
      project={project}
      title="Gallery"
      heading={`Gallery of ${project.name}`}
      className={styles.page}
    >
      <header className={styles.head}>
        <FilterBar
          project={project}
          user={user}
          filter={filter}
          state={state}
          items={items}
          onChange={change}
        >
          <JumpField
            key={filter.sort}
            filter={filter}
            items={items}
            onRank={(rank) => grid.current?.goTo(rank)}
          />
        </FilterBar>
        <LookControls
          look={look}
          proteinIsDark={project.protein_contrast === 'dark'}
          voxelSizeAngstrom={project.voxel_size_angstrom}
          tool={tool}
          onTool={setTool}
          onChange={(wanted) => lookStore.setState(soundLook({ ...look, ...wanted }))}
        />
      </header>
      <section className={styles.grid} aria-label="Particles">
        <GalleryGrid
          handle={grid}
          slug={project.slug}
          classes={project.classes}
          items={items}
          look={look}
          tool={tool}
          selection={selection}
          onSelection={setSelection}
          opened={opened}
          onOpen={setOpened}
        />
        <GalleryCover project={project} filter={filter} state={state} items={items} onChange={change} />
      </section>
      {opened !== null && (
        <ParticlePanel
          project={project}
          user={user}
          item={openedItem}
          rank={opened}
          onClose={() => setOpened(null)}
        />
      )}
      <DecideBar
        actions={actions}
        mayDecide={mayDecide}
        aimed={aimed}
        isSelection={selection.chosen.size > 0}
        desk={desk}
        state={state}
        onSelectAll={() => void selectAll()}
        onClear={() => setSelection(NOTHING_SELECTED)}
      />
    </DeskPage>
  )
}

const NOBODY: readonly GalleryItem[] = []

interface Targets {
  project: Project
  aimed: readonly GalleryItem[]
  desk: ReturnType<typeof useGalleryDecisions>
  selectAll: () => Promise<void>
  clear: () => void
  lookStore: ReturnType<typeof createLookStore>
}

function useGalleryActions(targets: Targets) {
  const { project, lookStore } = targets
  const latest = useRef(targets)
  useEffect(() => {
    latest.current = targets
  })
  return useMemo(
    () =>
      galleryActions(project.classes, {
        canDecide: () => latest.current.aimed.length > 0 && latest.current.desk !== null,
        canUndo: () => (latest.current.desk?.decisions.store.getState().history.length ?? 0) > 0,
        decide: (choice: GalleryChoice) =>
          void latest.current.desk?.decisions.decide(choice, latest.current.aimed),
        undo: () => void latest.current.desk?.decisions.undo(),
        selectAll: () => void latest.current.selectAll(),
        clear: () => latest.current.clear(),
        resize: (by) =>
          lookStore.setState((look) => soundLook({ ...look, size: look.size + by * SIZE_STEP })),
        invert: () => lookStore.setState(({ invert }) => ({ invert: !invert })),
      }),
    [project.classes, lookStore],
  )
}
