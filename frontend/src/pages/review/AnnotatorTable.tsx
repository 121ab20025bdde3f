import type { AnnotatorStatistics, Share } from '../../api/types'
import { type Column, Table } from '../../design/Table'
import { formatCount, formatInterval, formatPercent } from '../../format/numbers'
import styles from './ReviewPage.module.css'

const share = (read: (person: AnnotatorStatistics) => Share) => (person: AnnotatorStatistics) => (
  <ShareCell share={read(person)} />
)

const COLUMNS: Column<AnnotatorStatistics>[] = [
  { title: 'Who', cell: (person) => person.display_name },
  { title: 'Decisions', numeric: true, cell: (person) => formatCount(person.decisions) },
  { title: 'Last day', numeric: true, cell: (person) => formatCount(person.last_24_hours) },
  {
    title: 'Median look',
    numeric: true,
    cell: ({ median_seconds: seconds }) => (seconds === null ? '' : `${seconds.toFixed(1)} s`),
  },
  { title: 'Agrees with others', numeric: true, cell: share((person) => person.with_others) },
  { title: 'With consensus', numeric: true, cell: share((person) => person.with_consensus) },
  { title: 'With adjudicator', numeric: true, cell: share((person) => person.with_adjudicator) },
  { title: 'Skipped', numeric: true, cell: (person) => formatCount(person.skipped) },
  { title: 'Adjudicated', numeric: true, cell: (person) => formatCount(person.adjudications) },
]

/** Decisions, pace and agreement of each person. */
export function AnnotatorTable({ people }: { people: AnnotatorStatistics[] }) {
  return <Table caption="Annotators" columns={COLUMNS} rows={people} rowKey={(person) => person.user} />
}

function ShareCell({ share: { n, value, low, high } }: { share: Share }) {
  if (value === null || low === null || high === null) return <span className={styles.note}>none yet</span>
  return (
    <>
      {formatPercent(value)}
      <br />
      <span className={styles.interval}>{formatInterval(low, high)},</span>{' '}
      <span className={styles.interval}>n = {formatCount(n)}</span>
    </>
  )
}
