import { useQuery } from '@tanstack/react-query'
import { type PointerEvent, useState } from 'react'
import { purityQuery } from '../../../api/queries'
import type { ClassPurity, Purity } from '../../../api/types'
import { Button, ButtonLink } from '../../../design/Button'
import { ErrorNotice } from '../../../design/Notice'
import { Section } from '../../../design/Section'
import { SelectField } from '../../../design/SelectField'
import { Skeleton } from '../../../design/Skeleton'
import { SliderField } from '../../../design/SliderField'
import { type Column, Table } from '../../../design/Table'
import { UnitPlot, type UnitScale } from '../../../design/UnitPlot'
import { formatCount, formatInterval, formatPercent, formatPlural } from '../../../format/numbers'
import styles from './charts.module.css'
import { bandPath, linePath, placeOf, pointsOf, type PurityPoint } from './purityFigures'

const WIDTH = 560
const HEIGHT = 340
const STARTS_AT = 0.5
const ALL = 'all' // the row of all classes together
const COUNT_SHARE = 0.3 // of the plot's height, at most, for the particles that pass

type Row = PurityPoint & { name: string }

const COLUMNS: Column<Row>[] = [
  { title: 'Class', cell: ({ name }) => titleOf(name) },
  { title: 'Pass', numeric: true, cell: ({ count }) => formatCount(count) },
  { title: 'Expected right', numeric: true, cell: (row) => formatShare(row) },
  { title: 'Measured on', numeric: true, cell: ({ n }) => formatCount(n) },
]

/** How pure each class is expected to be at a threshold of confidence, and how many particles pass it. */
export default function PuritySection({ slug, cycle }: { slug: string; cycle: number }) {
  // Of a large pool the service has to look at every particle: not each time somebody comes by.
  const purity = useQuery({ ...purityQuery(slug, cycle), staleTime: 60_000 })
  return (
    <Section
      title="Expected purity"
      intro="Of the particles nobody has labeled: how many the network calls so with at least this confidence, and what share of them is expected to be right."
    >
      {purity.isPending && <Skeleton label="Loading the expected purity" lines={8} />}
      {purity.isError && (
        <ErrorNotice
          error={purity.error}
          actions={<Button onClick={() => void purity.refetch()}>Try again</Button>}
        />
      )}
      {purity.data && <PurityChart slug={slug} purity={purity.data} />}
    </Section>
  )
}

function PurityChart({ slug, purity }: { slug: string; purity: Purity }) {
  const [confidence, setConfidence] = useState(STARTS_AT)
  const [name, setName] = useState(purity.classes[0]?.name ?? '')
  const shown = purity.classes.find((row) => row.name === name) ?? purity.classes[0]
  if (shown === undefined) return <p>The network has called no particle anything.</p>
  const at = placeOf(purity.thresholds, confidence)
  const points = pointsOf(purity, shown)
  const rows = purity.classes.map((row): Row => ({ name: row.name, ...pointsOf(purity, row)[at]! }))
  return (
    <div className={styles.purity}>
      <div>
        <UnitPlot
          label="Expected purity against confidence. The figures at the threshold are in the table beside it."
          xTitle="Least confidence"
          yTitle="Expected right"
          width={WIDTH}
          height={HEIGHT}
        >
          {(scale) => (
            <>
              <Curve scale={scale} points={points} />
              <Threshold scale={scale} confidence={confidence} point={points[at]} onChange={setConfidence} />
            </>
          )}
        </UnitPlot>
        <p className={styles.legend}>
          Line and band: expected right, with 95 % interval. Grey: particles that pass, of{' '}
          {formatCount(points[0]?.count ?? 0)}.
        </p>
      </div>
      <div className={styles.controls}>
        <SelectField
          label="Class drawn"
          options={purity.classes.map((row) => ({ value: row.name, title: titleOf(row.name) }))}
          value={shown.name}
          onChange={setName}
        />
        <SliderField
          label="The network is at least this sure"
          min={0}
          max={0.99}
          step={0.01}
          value={confidence}
          text={formatPercent(confidence)}
          onChange={setConfidence}
        />
        <p className={styles.readout} role="status">
          <Readout row={shown} point={points[at]!} />
        </p>
        <div>
          <ButtonLink icon="file" to={exportLink(slug, purity.cycle, shown.name, confidence)}>
            Export these
          </ButtonLink>
        </div>
        <Table
          caption="Expected purity at this threshold"
          columns={COLUMNS}
          rows={rows}
          rowKey={(row) => row.name}
        />
        {!purity.calibrated && (
          <p className={styles.note}>
            The confidence is not calibrated yet: label more of the evaluation sample.
          </p>
        )}
      </div>
    </div>
  )
}

function Readout({ row, point }: { row: ClassPurity; point: PurityPoint }) {
  const whose = row.name === ALL ? '' : ` of ${row.name}`
  return (
    <>
      <strong>{formatPlural(point.count, 'particle')}</strong>
      {whose} {point.count === 1 ? 'passes' : 'pass'};{' '}
      {point.share === null ? (
        'no labeled evaluation particle is like these, so nobody knows how many are right.'
      ) : (
        <>
          <strong>{formatShare(point)}</strong> expected to be right, from{' '}
          {formatPlural(point.n, 'evaluation particle')}.
        </>
      )}
    </>
  )
}

/** The particles that pass as an area at the foot, the purity as a line in its band above. */
function Curve({ scale: { x, y }, points }: { scale: UnitScale; points: PurityPoint[] }) {
  const most = Math.max(1, points[0]?.count ?? 0)
  const steps = points.map(
    ({ threshold, count }) => `${x(threshold).toFixed(1)} ${y((COUNT_SHARE * count) / most).toFixed(1)}`,
  )
  const last = points.at(-1)?.threshold ?? 0
  return (
    <>
      <path
        className={styles.count}
        d={`M${x(0)} ${y(0)}L${steps.join('L')}L${x(last).toFixed(1)} ${y(0)}Z`}
      />
      <path className={styles.band} d={bandPath(points, x, y)} />
      <path className={styles.line} d={linePath(points, x, y)} />
    </>
  )
}

/** The threshold, to be dragged; the slider beside the drawing does the same for keyboards. */
function Threshold({
  scale: { x, y },
  confidence,
  point,
  onChange,
}: {
  scale: UnitScale
  confidence: number
  point: PurityPoint | undefined
  onChange: (confidence: number) => void
}) {
  const drag = (event: PointerEvent<SVGRectElement>) => {
    if (event.buttons === 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const box = event.currentTarget.getBoundingClientRect()
    const share = box.width === 0 ? 0 : (event.clientX - box.left) / box.width
    onChange(Math.min(0.99, Math.max(0, Math.round(share * 100) / 100)))
  }
  return (
    <>
      <line className={styles.threshold} x1={x(confidence)} x2={x(confidence)} y1={y(0)} y2={y(1)} />
      {point?.share != null && <circle className={styles.dot} cx={x(confidence)} cy={y(point.share)} r={5} />}
      <rect
        className={styles.drag}
        x={x(0)}
        y={y(1)}
        width={x(1) - x(0)}
        height={y(0) - y(1)}
        onPointerDown={drag}
        onPointerMove={drag}
      />
    </>
  )
}

/** The export page, set to what is chosen here. */
function exportLink(slug: string, cycle: number, name: string, confidence: number): string {
  const choice = {
    cycle: String(cycle),
    confidence: String(confidence),
    ...(name !== ALL && { class: name }),
  }
  return `/projects/${slug}/export?${new URLSearchParams(choice)}`
}

function titleOf(name: string): string {
  return name === ALL ? 'All classes' : name
}

function formatShare({ share, low, high }: PurityPoint): string {
  if (share === null || low === null || high === null) return '–'
  return `${formatPercent(share)} (${formatInterval(low, high)})`
}
