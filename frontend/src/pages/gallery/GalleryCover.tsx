import type { ReactNode } from 'react'
import type { Project } from '../../api/types'
import { Button, ButtonLink } from '../../design/Button'
import { EmptyState } from '../../design/EmptyState'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { EVERYTHING, filterCount, type GalleryFilter } from '../../gallery/filter'
import type { GalleryItems, GalleryState } from '../../gallery/GalleryItems'
import styles from './GalleryCover.module.css'

interface GalleryCoverProps {
  project: Project
  filter: GalleryFilter
  state: GalleryState
  items: GalleryItems
  onChange: (filter: GalleryFilter) => void
}

/** What lies over the tiles: why there are none, or why they cannot be read. */
export function GalleryCover({ project, filter, state, items, onChange }: GalleryCoverProps) {
  const { count, error, model } = state
  if (error !== null) {
    return (
      <Cover>
        <ErrorNotice error={error} actions={<Button onClick={() => items.retry()}>Try again</Button>} />
      </Cover>
    )
  }
  if (count === null || model === null) {
    return (
      <Cover>
        <Skeleton label="Reading the pool" lines={3} />
      </Cover>
    )
  }
  if (count > 0) return null
  if (needsModel(filter) && model.state !== 'ready') {
    return (
      <Cover>
        {model.state === 'preparing' ? (
          <Notice title={`The predictions of cycle ${model.cycle_number} are being written`}>
            It takes a few seconds; they appear here by themselves.
          </Notice>
        ) : (
          <EmptyState
            title="No model has looked at the pool yet"
            actions={
              <>
                <ButtonLink to={`/projects/${project.slug}/cycles`}>To the cycles</ButtonLink>
                <Button onClick={() => onChange(EVERYTHING)}>Show the whole pool</Button>
              </>
            }
          >
            A cycle trains one. Then the gallery sorts by what it says, and how sure it is.
          </EmptyState>
        )}
      </Cover>
    )
  }
  return (
    <Cover>
      {filterCount(filter) > 0 ? (
        <EmptyState
          title="No particle passes these filters"
          actions={<Button onClick={() => onChange(EVERYTHING)}>Show the whole pool</Button>}
        >
          Take one of them away, or look at the whole pool.
        </EmptyState>
      ) : (
        <EmptyState
          title={filter.sort === 'place' ? 'The pool is empty' : 'Nothing to sort by this'}
          actions={
            filter.sort === 'place' ? (
              <ButtonLink to={`/projects/${project.slug}/data`}>Import particles</ButtonLink>
            ) : (
              <Button onClick={() => onChange(EVERYTHING)}>Show the whole pool</Button>
            )
          }
        >
          {filter.sort === 'place'
            ? 'Import a particle list; its particles appear here as pictures.'
            : 'No particle has what this order goes by.'}
        </EmptyState>
      )}
    </Cover>
  )
}

const Cover = ({ children }: { children: ReactNode }) => <div className={styles.cover}>{children}</div>

/** Whether only particles with a prediction can be in it. */
function needsModel({ sort, predicted, confidenceMin, confidenceMax, disagrees }: GalleryFilter): boolean {
  const byModel = sort === 'score' || sort === 'confidence' || sort === 'unlike'
  return byModel || predicted !== '' || confidenceMin !== null || confidenceMax !== null || disagrees
}
