import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { explain } from '../../api/problem'
import { cyclesQuery } from '../../api/queries'
import { leasesQuery, queueQuery, usePauseQueue, useRecheckShare } from '../../api/review'
import type { Project, QueueOverview, WorkCount } from '../../api/types'
import { Button } from '../../design/Button'
import { ErrorNotice, Notice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { SelectField } from '../../design/SelectField'
import { Skeleton } from '../../design/Skeleton'
import { Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { showToast } from '../../design/Toast'
import { formatCount, formatPlural } from '../../format/numbers'
import LabelErrorsSection from '../cycles/quality/LabelErrorsSection'
import { HeldItems } from './HeldItems'
import styles from './ReviewPage.module.css'
import { WORK_NAMES } from './works'

/** What is open, who holds what, and what to ask about again. */
export function QueuePart({ project }: { project: Project }) {
  const queue = useQuery(queueQuery(project.slug))
  const leases = useQuery(leasesQuery(project.slug))
  return (
    <div className={styles.body}>
      {queue.isPending && <Skeleton label="Loading the queue" lines={4} />}
      {queue.isError && <ErrorNotice error={queue.error} />}
      {queue.data !== undefined && <OpenWork project={project} queue={queue.data} />}
      <Section
        title="Who holds what"
        intro="A hold ends by itself when nobody looks at the particle any more."
      >
        {leases.isError && <ErrorNotice error={leases.error} />}
        {leases.data !== undefined && <HeldItems slug={project.slug} page={leases.data} />}
      </Section>
      <Recheck slug={project.slug} />
      <LikelyErrors project={project} />
    </div>
  )
}

function OpenWork({ project, queue }: { project: Project; queue: QueueOverview }) {
  const pause = usePauseQueue(project.slug)
  const paused = queue.paused_at
  const set = (value: boolean) =>
    pause.mutate(value, { onError: (error) => showToast(explain(error).detail, 'bad') })
  const toggle = (
    <Button
      kind={paused === null ? 'secondary' : 'primary'}
      disabled={pause.isPending}
      onClick={() => set(paused === null)}
    >
      {paused === null ? 'Pause the queue' : 'Resume the queue'}
    </Button>
  )
  return (
    <Section title="Open work" intro="In the order it is handed out." actions={toggle}>
      {paused !== null && (
        <Notice tone="warn" title="The queue is paused">
          Since <TimeAgo iso={paused} />. Nothing is handed out; what people have before them still counts.
        </Notice>
      )}
      {queue.works.length === 0 ? (
        <p>Nothing is open.</p>
      ) : (
        <Table
          caption="Open work"
          columns={[
            { title: 'Kind', cell: (row: WorkCount) => WORK_NAMES[row.work] },
            { title: 'Open', numeric: true, cell: (row) => formatCount(row.open) },
            { title: 'Held', numeric: true, cell: (row) => formatCount(row.held) },
          ]}
          rows={queue.works}
          rowKey={(row) => row.work}
        />
      )}
    </Section>
  )
}

const SHARES = ['0.01', '0.02', '0.05', '0.1', '0.2'].map((value) => ({
  value,
  title: `${Number(value) * 100} %`,
}))

function Recheck({ slug }: { slug: string }) {
  const [share, setShare] = useState('0.05')
  const recheck = useRecheckShare(slug)
  const send = () =>
    recheck.mutate(Number(share), {
      onSuccess: ({ added }) => showToast(`${formatPlural(added, 'particle')} will be asked about again.`),
      onError: (error) => showToast(explain(error).detail, 'bad'),
    })
  return (
    <Section
      title="Re-check a share"
      intro="Another person decides a random share of the labeled particles, without knowing what was said. It is how agreement is measured."
    >
      <div className={styles.row}>
        <SelectField label="Share of the labeled" options={SHARES} value={share} onChange={setShare} short />
        <Button disabled={recheck.isPending} onClick={send}>
          Ask again
        </Button>
      </div>
    </Section>
  )
}

/** Of the newest cycle that has looked for them. */
function LikelyErrors({ project }: { project: Project }) {
  const cycles = useQuery(cyclesQuery(project.slug))
  const newest = cycles.data?.items.find(({ metrics }) => metrics?.label_errors)
  const counts = newest?.metrics?.label_errors
  if (newest === undefined || !counts) return null
  return <LabelErrorsSection project={project} cycle={newest.number} counts={counts} />
}
