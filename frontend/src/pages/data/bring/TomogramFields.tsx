import { CheckField } from '../../../design/CheckField'
import { TextField } from '../../../design/Field'
import { SelectField } from '../../../design/SelectField'
import styles from './BringData.module.css'
import type { BringOptions, FilesChoice, OptionErrors, TomogramsWhere } from './bringForm'

const PLACES: Record<TomogramsWhere, { title: string; label: string; hint: string }> = {
  folder: {
    title: 'A folder of tomograms',
    label: 'Folder',
    hint: 'One file for each tomogram.',
  },
  list: {
    title: 'A table of tomograms and paths',
    label: 'Table',
    hint: 'CSV or STAR with the columns tomogram and path (and voxel_size, where headers lack it).',
  },
  'tomograms-star': {
    title: 'RELION’s tomograms.star',
    label: 'tomograms.star',
    hint: 'It must name the reconstructed tomograms.',
  },
  copick: {
    title: 'A copick project',
    label: 'Project',
    hint: 'Its folder or its configuration file.',
  },
}

/** Where the tomograms are, and how boxes are cut out of them. */
export function TomogramFields({
  files,
  options,
  errors,
  onChange,
}: {
  files: FilesChoice
  options: BringOptions
  errors: OptionErrors
  onChange: (changes: Partial<BringOptions>) => void
}) {
  const place = PLACES[options.tomogramsWhere]
  const pathHint =
    files.where === 'server' ? 'A path on the server.' : 'A path in what you sent, from its top folder.'
  return (
    <div className={styles.group} role="group" aria-label="Tomograms">
      <div className={styles.pair}>
        <SelectField
          label="Tomograms"
          options={Object.entries(PLACES).map(([value, { title }]) => ({ value, title }))}
          value={options.tomogramsWhere}
          onChange={(where) => onChange({ tomogramsWhere: where as TomogramsWhere })}
        />
        <TextField
          label={place.label}
          hint={`${place.hint} ${pathHint}`}
          value={options.tomogramsPath}
          onChange={(tomogramsPath) => onChange({ tomogramsPath })}
          error={errors.tomogramsPath ?? null}
          autoComplete="off"
          spellCheck={false}
        />
        {options.tomogramsWhere === 'folder' && (
          <TextField
            label="File names"
            hint="{tomogram} stands for the tomogram’s name in the list, * for anything."
            value={options.pattern}
            onChange={(pattern) => onChange({ pattern })}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        <TextField
          label="Tomogram of the whole list"
          hint="Only for a list that names no tomogram."
          value={options.tomogram}
          onChange={(tomogram) => onChange({ tomogram })}
          autoComplete="off"
          spellCheck={false}
        />
      </div>
      <div className={styles.pair}>
        <TextField
          label="Box, in voxels"
          hint="About twice the particle’s diameter shows what is around it."
          value={options.boxSize}
          onChange={(boxSize) => onChange({ boxSize })}
          error={errors.boxSize ?? null}
          inputMode="numeric"
          short
        />
        <TextField
          label="Rescale to Å per voxel"
          hint="Empty: the tomograms’ own voxels."
          value={options.targetVoxelSize}
          onChange={(targetVoxelSize) => onChange({ targetVoxelSize })}
          error={errors.targetVoxelSize ?? null}
          inputMode="decimal"
          short
        />
        <TextField
          label="Tomograms’ Å per voxel"
          hint="Empty: as their headers say."
          value={options.tomogramVoxelSize}
          onChange={(tomogramVoxelSize) => onChange({ tomogramVoxelSize })}
          error={errors.tomogramVoxelSize ?? null}
          inputMode="decimal"
          short
        />
      </div>
      <CheckField
        label="Invert the contrast"
        hint="Dark becomes bright."
        checked={options.invert}
        onChange={(invert) => onChange({ invert })}
      />
      <CheckField
        label="Normalise each box"
        hint="To mean 0 and standard deviation 1."
        checked={options.normalise}
        onChange={(normalise) => onChange({ normalise })}
      />
    </div>
  )
}
