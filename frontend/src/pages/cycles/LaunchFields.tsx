import { useQuery } from '@tanstack/react-query'
import { type SettingValues, settingsCheckQuery } from '../../api/cycleModels'
import type { Catalogue } from '../../api/types'
import { Disclosure } from '../../design/Disclosure'
import { ChoiceField, TextField } from '../../design/Field'
import { Notice } from '../../design/Notice'
import { useSettled } from '../export/useSettled'
import { AcquisitionField } from './AcquisitionField'
import { overlay, withValue } from './settings/settingsSchema'
import { SettingsForm } from './settings/SettingsForm'
import { askedSettings, type LaunchChoices } from './launchRules'

const SETTLE_MS = 300

/** What the service says of the choices, once nobody has changed them for a moment. */
export function useCheckedChoices(slug: string, choices: LaunchChoices) {
  const settled = useSettled(choices, SETTLE_MS)
  return useQuery(settingsCheckQuery(slug, askedSettings(settled))).data?.errors ?? []
}

/** How a cycle picks and learns: three choices, and every single setting folded away beneath them. */
export function LaunchFields({
  slug,
  catalogue,
  choices,
  sizeHint,
  sizeError,
  onChange,
}: {
  slug: string
  catalogue: Catalogue
  choices: LaunchChoices
  sizeHint: string
  sizeError: string | null
  onChange: (choices: LaunchChoices) => void
}) {
  const preset = useQuery(settingsCheckQuery(slug, choices.preset ? { preset: choices.preset } : {}))
  const errors = useCheckedChoices(slug, choices)
  const { acquisition, own, unread } = choices
  const values = overlay({ ...(preset.data?.settings as SettingValues | null), acquisition }, own)
  return (
    <>
      <TextField
        label="Particles to pick"
        hint={sizeHint}
        value={choices.batchSize}
        onChange={(batchSize) => onChange({ ...choices, batchSize })}
        error={sizeError}
        inputMode="numeric"
        short
      />
      {catalogue.acquisition.length > 0 && (
        <AcquisitionField
          ways={catalogue.acquisition}
          value={choices.acquisition}
          onChange={(id) => onChange({ ...choices, acquisition: id })}
        />
      )}
      {catalogue.presets.length > 0 && (
        <ChoiceField
          label="How the network is trained"
          choices={catalogue.presets}
          value={choices.preset}
          onChange={(id) => onChange({ ...choices, preset: id })}
        />
      )}
      {errors.length > 0 && (
        <Notice tone="warn" title="This cannot be launched yet">
          <ul>
            {errors.map(({ where, reason }) => (
              <li key={where + reason}>
                {where}: {reason}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {catalogue.settings_schema && (
        <Disclosure summary="Every setting">
          <SettingsForm
            schema={catalogue.settings_schema}
            values={values}
            errors={errors}
            onEdit={(path, edit) => {
              const others = unread.filter((each) => each !== path.join('.'))
              onChange({
                ...choices,
                own: edit === null ? own : withValue(own, path, edit.value),
                unread: edit === null ? [...others, path.join('.')] : others,
              })
            }}
          />
        </Disclosure>
      )}
    </>
  )
}
