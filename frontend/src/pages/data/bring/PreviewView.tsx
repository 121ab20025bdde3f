import type { ImportPreview } from '../../../api/types'
import { Disclosure } from '../../../design/Disclosure'
import { Figure, Figures } from '../../../design/Figure'
import { Notice } from '../../../design/Notice'
import { Prose } from '../../../design/Prose'
import { formatCount, formatPlural, formatVoxelSize } from '../../../format/numbers'
import { RowErrors } from '../RowErrors'
import styles from './PreviewView.module.css'
import { SampleGallery } from './SampleGallery'

/** What an import would do: what was recognised, how many, what looks wrong, and a few of the volumes. */
export function PreviewView({ preview }: { preview: ImportPreview }) {
  return (
    <div className={styles.view}>
      <Figures>
        <Figure label="Particles" value={formatCount(preview.row_count)} note={describeNew(preview)} />
        <Figure
          label="Tomograms"
          value={preview.tomogram_count === 0 ? '–' : formatCount(preview.tomogram_count)}
          note={describeTomograms(preview)}
        />
        <Figure
          label="Box"
          value={preview.box_size === null ? 'unknown' : `${preview.box_size}³`}
          note={BOX_NOTES[preview.kind]}
        />
        <Figure
          label="Voxel size"
          value={
            preview.voxel_size_angstrom === null ? 'unknown' : formatVoxelSize(preview.voxel_size_angstrom)
          }
          note={preview.voxel_size_origin || 'the files do not say'}
        />
      </Figures>
      {preview.warnings.map((warning) => (
        <Notice key={warning} tone="warn">
          <Prose text={asSentence(warning)} />
        </Notice>
      ))}
      {preview.errors.length > 0 && (
        <>
          <Notice tone="bad" title="This stops the import">
            {formatPlural(preview.errors.length, 'problem')} to mend; nothing is imported before that.
          </Notice>
          <RowErrors errors={preview.errors} />
        </>
      )}
      {preview.samples.length > 0 && (
        <SampleGallery samples={preview.samples} voxelSizeAngstrom={preview.voxel_size_angstrom} />
      )}
      {preview.notes.length > 0 && (
        <Disclosure summary={`${formatPlural(preview.notes.length, 'note')} on the files; nothing to do`}>
          <ul className={styles.notes}>
            {preview.notes.map((note) => (
              <li key={note}>
                <Prose text={asSentence(note)} />
              </li>
            ))}
          </ul>
        </Disclosure>
      )}
    </div>
  )
}

/** Readers of files speak in half sentences. */
function asSentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?)]$/.test(begun) ? begun : `${begun}.`
}

const BOX_NOTES: Record<ImportPreview['kind'], string> = {
  images: 'voxels, as in the image files',
  cut: 'voxels, cut from the tomograms',
  coordinates: 'the list holds positions only',
}

function describeNew({ new_count: fresh, already_there: there }: ImportPreview): string {
  if (there === 0) return 'all new'
  return `${formatCount(fresh)} new, ${formatCount(there)} in the pool already`
}

const MOST_NAMED = 2

function describeTomograms({ tomogram_count: count, tomograms }: ImportPreview): string {
  if (count === 0) return 'the list names none'
  const named = tomograms.slice(0, MOST_NAMED).join(', ')
  return count > MOST_NAMED ? `${named}, …` : named
}
