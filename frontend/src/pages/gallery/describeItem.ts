import type { ParticleClass } from '../../api/types'
import { formatCount, formatPercent } from '../../format/numbers'
import { saidName } from '../../gallery/marks'
import type { GalleryItem } from '../../gallery/types'

/** A tile in words, for those who hear it. */
export function describeItem(
  item: GalleryItem,
  rank: number,
  classes: readonly ParticleClass[],
  isSelected: boolean,
): string {
  const label = item.label === null ? 'not labeled' : `labeled ${saidName(item.label, classes)}`
  const { prediction } = item
  const model =
    prediction === null
      ? ''
      : `, model says ${saidName(prediction, classes)}, ${formatPercent(prediction.confidence)}`
  const sampled = item.in_evaluation_sample ? ', measures the model' : ''
  return `${item.name}, place ${formatCount(rank + 1)}, ${label}${model}${sampled}${isSelected ? ', selected' : ''}`
}
