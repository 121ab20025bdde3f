import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { catalogueQuery, learningCurveQuery } from '../../api/queries'
import type { CurvePoint, RandomReference } from '../../api/types'
import { Button } from '../../design/Button'
import { Disclosure } from '../../design/Disclosure'
import { EmptyState } from '../../design/EmptyState'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { formatCount, formatInterval, formatPercent } from '../../format/numbers'
import styles from './LearningCurveChart.module.css'

const LearningCurveChart = lazy(() => import('./LearningCurveChart'))

type Row = CurvePoint & { random: RandomReference['points'][number] | undefined }

const NO_REFERENCE: RandomReference['points'] = []

const COLUMNS: Column<Row>[] = [
  { title: 'Cycle', cell: (point) => point.cycle_number },
  { title: 'Labels given', numeric: true, cell: (point) => formatCount(point.total_labels) },
  { title: 'Learned from', numeric: true, cell: (point) => formatCount(point.training_labels) },
  { title: 'Accuracy', numeric: true, cell: (point) => formatPercent(point.accuracy) },
  { title: '95 % interval', numeric: true, cell: (point) => formatInterval(point.low, point.high) },
  { title: 'Measured on', numeric: true, cell: (point) => formatCount(point.evaluation_labels) },
  {
    title: 'Balanced',
    numeric: true,
    cell: (point) => (point.balanced_accuracy === null ? '–' : formatPercent(point.balanced_accuracy)),
  },
]
const RANDOM: Column<Row> = {
  title: 'Random picks, expected',
  numeric: true,
  cell: ({ random }) =>
    random ? `${formatPercent(random.expected)} (${formatInterval(random.low, random.high)})` : '–',
}

/** How accuracy grows with labels. */
export function LearningCurveSection({ slug, readyCycles }: { slug: string; readyCycles: number }) {
  const curve = useQuery(learningCurveQuery(slug))
  const { data: catalogue } = useQuery(catalogueQuery)
  const points = curve.data?.points ?? []
  const reference = curve.data?.reference?.points ?? NO_REFERENCE
  return (
    <Section title="Learning curve">
      {curve.isPending && <Skeleton label="Loading the learning curve" lines={6} />}
      {curve.isError && (
        <ErrorNotice
          error={curve.error}
          actions={<Button onClick={() => void curve.refetch()}>Try again</Button>}
        />
      )}
      {curve.data && points.length === 0 && <NoPoints readyCycles={readyCycles} />}
      {points.length > 0 && (
        <>
          <Suspense fallback={<Skeleton label="Drawing the learning curve" lines={8} />}>
            <LearningCurveChart points={points} reference={reference} catalogue={catalogue} />
          </Suspense>
          {curve.data?.reference && (
            <p className={styles.reference} data-drawn={reference.length > 0}>
              {curve.data.reference.text}
            </p>
          )}
          <Disclosure summary="Show as a table">
            <Table
              caption="Learning curve"
              columns={reference.length > 0 ? [...COLUMNS, RANDOM] : COLUMNS}
              rows={points.map((point): Row => ({
                ...point,
                random: reference.find((each) => each.cycle_number === point.cycle_number),
              }))}
              rowKey={(point) => point.cycle_number}
            />
          </Disclosure>
        </>
      )}
    </Section>
  )
}

function NoPoints({ readyCycles }: { readyCycles: number }) {
  if (readyCycles === 0) {
    return (
      <EmptyState title="It starts with the first cycle">
        Every cycle adds a point: how many labels you gave, and how often the network was right on particles
        drawn at random that it has never learned from. When the curve goes flat, more labels bring little.
      </EmptyState>
    )
  }
  return (
    <EmptyState title="No accuracy measured yet">
      Accuracy is measured on the evaluation sample, and too few of its particles are labeled. They come up
      among the others while you label; the next cycle will have a figure.
    </EmptyState>
  )
}
