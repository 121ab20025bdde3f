import type { Calibration, ReliabilityBin } from '../../../api/types'
import { Disclosure } from '../../../design/Disclosure'
import { type Column, Table } from '../../../design/Table'
import { UnitPlot, type UnitScale } from '../../../design/UnitPlot'
import { formatCount, formatInterval, formatPercent } from '../../../format/numbers'
import styles from './charts.module.css'

const SMALLEST_DOT = 3
const LARGEST_DOT = 8

const COLUMNS: Column<ReliabilityBin>[] = [
  { title: 'Confidence', cell: (bin) => formatInterval(bin.start, bin.end) },
  { title: 'Particles', numeric: true, cell: (bin) => formatCount(bin.n) },
  { title: 'Mean confidence', numeric: true, cell: (bin) => formatPercent(bin.confidence) },
  { title: 'Right', numeric: true, cell: (bin) => formatPercent(bin.accuracy) },
  { title: '95 % interval', numeric: true, cell: (bin) => formatInterval(bin.low, bin.high) },
]

/** Whether confidence means what it says: on the diagonal, what is called 80 % sure is right in 80 % of cases. */
export default function ReliabilityDiagram({ calibration }: { calibration: Calibration }) {
  const after = calibration.reliability_after ?? []
  return (
    <>
      <UnitPlot
        label="Reliability diagram. The same figures are in the table below."
        xTitle="Confidence"
        yTitle="Right"
        width={440}
        height={330}
      >
        {(scale) => (
          <>
            <line
              className={styles.diagonal}
              x1={scale.x(0)}
              y1={scale.y(0)}
              x2={scale.x(1)}
              y2={scale.y(1)}
            />
            {(calibration.reliability_before ?? []).map((bin) => (
              <circle
                key={bin.start}
                className={styles.before}
                cx={scale.x(bin.confidence)}
                cy={scale.y(bin.accuracy)}
                r={radiusOf(bin)}
              />
            ))}
            {after.map((bin) => (
              <Bin key={bin.start} bin={bin} scale={scale} />
            ))}
          </>
        )}
      </UnitPlot>
      <p className={styles.legend}>
        <span>
          <i className={styles.keyAfter} /> calibrated, with 95 % interval
        </span>
        <span>
          <i className={styles.keyBefore} /> as the network says
        </span>
        <span>The larger a dot, the more particles.</span>
      </p>
      <Disclosure summary="Show as a table">
        <Table caption="Reliability" columns={COLUMNS} rows={after} rowKey={(bin) => bin.start} />
      </Disclosure>
    </>
  )
}

function radiusOf(bin: ReliabilityBin): number {
  return SMALLEST_DOT + (LARGEST_DOT - SMALLEST_DOT) * Math.sqrt(bin.weight)
}

function Bin({ bin, scale }: { bin: ReliabilityBin; scale: UnitScale }) {
  const x = scale.x(bin.confidence)
  return (
    <g>
      <title>{`${formatPercent(bin.accuracy)} of ${formatCount(bin.n)} right`}</title>
      <line className={styles.interval} x1={x} x2={x} y1={scale.y(bin.low)} y2={scale.y(bin.high)} />
      <circle className={styles.after} cx={x} cy={scale.y(bin.accuracy)} r={radiusOf(bin)} />
    </g>
  )
}
