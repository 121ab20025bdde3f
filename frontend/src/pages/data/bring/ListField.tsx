import { SelectField } from '../../../design/SelectField'

/** The list's path in an upload of volumes without a list. */
export const WHOLE_FOLDER = '.'

/** Which file is the particle list. */
export function ListField({
  lists,
  value,
  onChange,
}: {
  lists: readonly string[]
  value: string
  onChange: (list: string) => void
}) {
  return (
    <SelectField
      label="Particle list"
      hint="The others are the volumes it names, found by their paths beside it or in a folder above it."
      options={[
        ...lists.map((path) => ({ value: path, title: path })),
        { value: WHOLE_FOLDER, title: 'No list: each volume is a particle' },
      ]}
      value={value}
      onChange={onChange}
    />
  )
}
