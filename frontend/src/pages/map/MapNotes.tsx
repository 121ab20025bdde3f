import { useState } from 'react'
import { useProjectEvents } from '../../api/useProjectEvents'
import { ProgressBar } from '../../design/Meter'
import { formatCount, formatPlural, share } from '../../format/numbers'
import type { BetterMap, MapLegend } from '../../map/readMap'
import styles from './MapDesk.module.css'

/** What the map is of, and what is not on it. */
export function MapNotes({ slug, legend }: { slug: string; legend: MapLegend }) {
  const { shown, placed, withheld, method, better } = legend
  return (
    <div className={styles.notes}>
      <p>
        By cycle {legend.cycle_number},{' '}
        {method === 'umap' ? 'laid out by neighbourhood (UMAP).' : 'by its two principal components.'} Only
        near and far mean something; directions do not.
      </p>
      {better !== null && <BetterNote key={better.state} slug={slug} better={better} />}
      {legend.is_thinned && (
        <p>
          {formatCount(shown)} of {formatCount(placed)} particles are drawn: some of each class the model
          sees.
        </p>
      )}
      {withheld > 0 && (
        <p>
          {formatPlural(withheld, 'particle')} of the evaluation sample {withheld === 1 ? 'is' : 'are'} left
          out until you have decided {withheld === 1 ? 'it' : 'them'}: the place would tell what to answer.
        </p>
      )}
    </div>
  )
}

function BetterNote({ slug, better }: { slug: string; better: BetterMap }) {
  const [job, setJob] = useState(better)
  useProjectEvents(slug, {
    job: ({ job: { id, state, progress } }) => {
      if (id === better.job_id && state !== 'succeeded')
        setJob({ ...better, state, progress: progress ?? {} })
    },
  })
  if (job.state === 'failed') return <p>A layout by neighbourhood was not made. {job.detail}</p>
  if (job.state === 'cancelled') return null
  if (job.state === 'queued') return <p>A layout by neighbourhood is made when the worker is free.</p>
  return (
    <div>
      <p>A layout by neighbourhood is being made.</p>
      <ProgressBar label="Progress of the layout" value={share(job.progress.done, job.progress.total)} />
    </div>
  )
}
