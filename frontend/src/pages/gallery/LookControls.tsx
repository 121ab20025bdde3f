import { CheckField } from '../../design/CheckField'
import { Segmented } from '../../design/Segmented'
import { SliderField } from '../../design/SliderField'
import { SIGMAS, SIZES, SIZE_STEP, type GalleryLook } from '../../gallery/lookStore'
import { lowPassStops, nearestStop } from '../../viewer/controls/lowPassStops'
import styles from './LookControls.module.css'

export type DragTool = 'rectangle' | 'outline'

const sigma = (value: number): string =>
  `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}\u00a0σ`

/** Size, view, contrast and low-pass of all tiles, and what dragging does. */
export function LookControls({
  look,
  proteinIsDark,
  voxelSizeAngstrom,
  tool,
  onTool,
  onChange,
}: {
  look: GalleryLook
  proteinIsDark: boolean
  voxelSizeAngstrom: number | null
  tool: DragTool
  onTool: (tool: DragTool) => void
  onChange: (change: Partial<GalleryLook>) => void
}) {
  // Of dark proteins the darkest voxel along z is the one to see.
  const projection = proteinIsDark ? 'min' : 'max'
  const stops = voxelSizeAngstrom === null ? [] : lowPassStops(voxelSizeAngstrom)
  const stop = Math.max(0, stops.indexOf(nearestStop(stops, look.lowPass)))
  return (
    <div className={styles.bar}>
      <Segmented
        label="What a tile shows"
        options={[
          { value: 'central', title: 'Slices' },
          { value: 'sum', title: 'Sum' },
          { value: projection, title: 'MIP' },
        ]}
        value={look.view}
        onChange={(view) => onChange({ view })}
      />
      <SliderField
        label="Size"
        min={SIZES[0]}
        max={SIZES[1]}
        step={SIZE_STEP}
        value={look.size}
        text={`${look.size}\u00a0px`}
        onChange={(size) => onChange({ size })}
      />
      <SliderField
        label="Black at"
        min={SIGMAS[0]}
        max={SIGMAS[1]}
        step={0.25}
        value={look.low}
        text={sigma(look.low)}
        onChange={(low) => onChange({ low: Math.min(low, look.high - 0.25) })}
      />
      <SliderField
        label="White at"
        min={SIGMAS[0]}
        max={SIGMAS[1]}
        step={0.25}
        value={look.high}
        text={sigma(look.high)}
        onChange={(high) => onChange({ high: Math.max(high, look.low + 0.25) })}
      />
      {stops.length > 0 && (
        <SliderField
          label="Low-pass"
          min={0}
          max={stops.length - 1}
          step={1}
          value={stop}
          text={look.lowPass === 0 ? 'off' : `${look.lowPass}\u00a0Å`}
          onChange={(index) => onChange({ lowPass: stops[index] ?? 0 })}
        />
      )}
      <CheckField label="Invert" checked={look.invert} onChange={(invert) => onChange({ invert })} />
      <Segmented
        label="What dragging draws"
        options={[
          { value: 'rectangle', title: 'Rectangle' },
          { value: 'outline', title: 'Outline' },
        ]}
        value={tool}
        onChange={onTool}
      />
    </div>
  )
}
