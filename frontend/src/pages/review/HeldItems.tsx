import { explain } from '../../api/problem'
import { useReleaseLease } from '../../api/review'
import type { HeldItem, Page } from '../../api/types'
import { Button } from '../../design/Button'
import { type Column, Table } from '../../design/Table'
import { TimeAgo } from '../../design/TimeAgo'
import { showToast } from '../../design/Toast'
import styles from './ReviewPage.module.css'
import { WORK_NAMES } from './works'

/** Items that people have before them now, each with a way to free it. */
export function HeldItems({ slug, page }: { slug: string; page: Page<HeldItem> }) {
  const release = useReleaseLease(slug)
  if (page.items.length === 0) return <p>Nobody holds anything.</p>
  const free = (id: number) =>
    release.mutate(id, {
      onSuccess: () => showToast('Others can have it now.'),
      onError: (error) => showToast(explain(error).detail, 'bad'),
    })
  const columns: Column<HeldItem>[] = [
    { title: 'Particle', cell: (held) => held.subtomogram },
    { title: 'Who', cell: (held) => held.user },
    { title: 'Kind', cell: (held) => WORK_NAMES[held.work] },
    { title: 'Since', cell: (held) => <TimeAgo iso={held.since} /> },
    {
      title: 'Free it',
      cell: (held) => (
        <Button
          size="small"
          aria-label={`Release ${held.subtomogram}`}
          disabled={release.isPending}
          onClick={() => free(held.lease_id)}
        >
          Release
        </Button>
      ),
    },
  ]
  return (
    <>
      <Table caption="Items held" columns={columns} rows={page.items} rowKey={(held) => held.lease_id} />
      {page.next !== null && (
        <p className={styles.note}>The {page.items.length} held longest are shown; there are more.</p>
      )}
    </>
  )
}
