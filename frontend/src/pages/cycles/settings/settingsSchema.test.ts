import { describe, expect, it } from 'vitest'
import { catalogue, settingsCheck } from '../../../testing/fixtures'
import { overlay, readText, type SettingField, settingGroups, withValue } from './settingsSchema'

const { settings } = settingsCheck
const groups = (values: object = settings) =>
  settingGroups(catalogue.settings_schema, values as typeof settings)
const field = (name: string): SettingField => {
  const found = groups()
    .flatMap(({ fields }) => fields)
    .find(({ path }) => path.join('.') === name)
  if (found === undefined) throw new Error(`no field ${name}`)
  return found
}

describe('the form of a cycle’s settings', () => {
  it('has a field for each setting of the schema but those asked elsewhere', () => {
    const names = groups().map(({ title, fields }) => [title, fields.map(({ path }) => path.join('.'))])
    expect(names).toEqual([
      ['In general', ['seed']],
      ['Network', ['network.kind', 'network.width', 'network.stem_stride']],
      [
        'Training',
        [
          'training.steps',
          'training.learning_rate',
          'training.max_shift_voxels',
          'training.free_rotation',
          'training.optimizer',
        ],
      ],
    ])
    expect(field('training.max_shift_voxels').title).toBe('Max shift (voxels)')
  })

  it('shows the fields of the network that is chosen', () => {
    const [, network] = groups({ network: { kind: 'ac3d' } })
    expect(network?.fields.map(({ path }) => path.at(-1))).toEqual(['kind', 'code_size'])
  })

  it.each([
    ['training.steps', '0', 'A whole number from 1 to 1000000.'],
    ['training.steps', '1.5', 'A whole number from 1 to 1000000.'],
    ['training.learning_rate', '0', 'A number more than 0, at most 10.'],
    ['training.learning_rate', 'fast', 'A number more than 0, at most 10.'],
    ['seed', '-1', 'A whole number at least 0, or nothing.'],
  ])('refuses %s = %s in words', (name, text, error) => {
    expect(readText(field(name), text)).toEqual({ error })
  })

  it('reads what can be, and nothing where nothing may be', () => {
    expect(readText(field('training.learning_rate'), ' 1e-3 ')).toEqual({ value: 0.001 })
    expect(readText(field('seed'), '')).toEqual({ value: null })
  })

  it('lays single settings over a preset as the service does', () => {
    const own = withValue(withValue({}, ['training', 'steps'], 9), ['seed'], 4)
    expect(own).toEqual({ training: { steps: 9 }, seed: 4 })
    expect(overlay(settings, own)['training']).toEqual({ ...settings.training, steps: 9 })
    const other = withValue(withValue({}, ['network', 'width'], 16), ['network', 'kind'], 'ac3d')
    expect(overlay(settings, other)['network']).toEqual({ kind: 'ac3d' })
  })
})
