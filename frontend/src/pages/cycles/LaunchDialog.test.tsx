import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { catalogue, page, progress, progressAtStart, readyCycles, runningCycle } from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { type Answer, Refusal } from '../../testing/service'
import { batchSizeError, pickable, readiness, startingChoices } from './launchRules'

async function openDialog(changes: Record<string, Answer> = {}) {
  const app = renderApp('/projects/demo/cycles', changes)
  await app.user.click(await screen.findByRole('button', { name: 'Launch a cycle' }))
  await screen.findByRole('button', { name: 'Launch' })
  const dialog = within(screen.getByRole('dialog'))
  const launch = dialog.getByRole('button', { name: 'Launch' }) as HTMLButtonElement
  return { ...app, dialog, launch }
}

describe('the launch dialog', () => {
  it('sends what was chosen and closes', async () => {
    const { service, user, dialog, launch } = await openDialog({
      'POST /projects/demo/cycles': () => {
        // From now on the list tells of it, which takes the launch button and its dialog off the page.
        service.answers['GET /projects/demo/cycles'] = page([runningCycle, ...readyCycles])
        return runningCycle
      },
    })
    await user.click(dialog.getByRole('radio', { name: 'Entropy' }))
    await user.click(dialog.getByRole('radio', { name: 'Standard' }))
    await user.clear(dialog.getByLabelText('Particles to pick'))
    await user.type(dialog.getByLabelText('Particles to pick'), '25')
    await user.click(launch)
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(service.last('POST /projects/demo/cycles').body).toEqual({
      settings: { preset: 'cpu-standard', acquisition: 'entropy', batch_size: 25 },
    })
    expect(await screen.findByText(/Cycle 4 is launched/)).toBeDefined()
  })

  it('describes every choice in a sentence', async () => {
    const { dialog } = await openDialog()
    for (const { title, description } of [...catalogue.acquisition, ...catalogue.presets]) {
      expect(dialog.getByRole('radio', { name: title, description })).toBeDefined()
    }
  })

  it('shows the few ways to pick that most people need, and all of them on demand', async () => {
    const others = ['badge', 'margin', 'bald', 'coreset'].map((id) => ({
      ...catalogue.acquisition[1]!,
      id,
      title: `Way ${id}`,
    }))
    const acquisition = [...catalogue.acquisition, ...others]
    const { user, dialog } = await openDialog({ 'GET /catalogue': { ...catalogue, acquisition } })
    const shown = () =>
      within(dialog.getByRole('group', { name: 'How the next particles are picked' }))
        .getAllByRole('radio')
        .map((each) => (each as HTMLInputElement).value)
    expect(shown()).toEqual(['auto', 'entropy-gradnorm', 'entropy', 'random', 'badge'])
    await user.click(dialog.getByRole('button', { name: 'Show all 9 ways' }))
    await user.click(dialog.getByRole('radio', { name: 'Way margin' }))
    await user.click(dialog.getByRole('button', { name: 'Show fewer ways' }))
    expect(shown()).toEqual(['auto', 'entropy', 'random', 'badge', 'margin'])
  })

  it('says at once when the batch size cannot be', async () => {
    const { user, dialog, launch } = await openDialog()
    const field = dialog.getByLabelText('Particles to pick')
    for (const [text, complaint] of [
      ['0', 'Give a whole number of 1 or more.'],
      ['4.5', 'Give a whole number of 1 or more.'],
      ['5000', 'Only 354 unlabeled particles are left to pick from.'],
    ] as const) {
      await user.clear(field)
      await user.type(field, text)
      expect(dialog.getByRole('alert').textContent).toBe(complaint)
      expect(field.getAttribute('aria-invalid')).toBe('true')
      expect(launch.disabled).toBe(true)
    }
    await user.clear(field)
    await user.type(field, '10')
    expect(launch.disabled).toBe(false)
  })

  it('explains what is missing when there are too few labels', async () => {
    const { user, dialog, launch } = await openDialog({
      'GET /projects/demo/progress': progressAtStart,
      'GET /projects/demo/cycles': page([]),
    })
    await user.click(dialog.getByRole('radio', { name: 'Entropy' }))
    expect(dialog.getByText(/A network needs 6 more labels and a particle of a second class/)).toBeDefined()
    expect(launch.disabled).toBe(true)
  })

  it('lets what needs no classes choose the first particles', async () => {
    const { user, dialog, launch } = await openDialog({
      'GET /projects/demo/progress': progressAtStart,
      'GET /projects/demo/cycles': page([]),
    })
    for (const name of ['Automatic', 'Random']) {
      await user.click(dialog.getByRole('radio', { name }))
      expect(dialog.queryByText(/A network needs/)).toBeNull()
      expect(dialog.getByText(/trains none: it looks at the volumes/)).toBeDefined()
      expect(launch.disabled).toBe(false)
    }
  })

  it('warns that nobody will run the cycle, and still lets it wait', async () => {
    const { dialog, launch } = await openDialog({
      'GET /catalogue': { ...catalogue, workers_seen: 0, reason: 'Start `tomosift up` with the worker.' },
    })
    expect(dialog.getByText('No worker is running')).toBeDefined()
    expect(dialog.getByText('tomosift up').tagName).toBe('CODE')
    expect(launch.disabled).toBe(false)
  })

  it('takes every single setting, and says at once what cannot be', async () => {
    const { service, user, dialog, launch } = await openDialog({
      'POST /projects/demo/cycles': runningCycle,
    })
    await user.click(dialog.getByText('Every setting'))
    const steps = await dialog.findByLabelText('Steps')
    await waitFor(() => expect((steps as HTMLInputElement).value).toBe('150'))
    await user.clear(steps)
    await user.type(steps, '0')
    expect(dialog.getByRole('alert').textContent).toBe('A whole number from 1 to 1000000.')
    expect(launch.disabled).toBe(true)
    await user.clear(steps)
    await user.type(steps, '75')
    await user.selectOptions(dialog.getByLabelText('Stem stride'), '1')
    await user.click(launch)
    await waitFor(() => expect(service.count('POST /projects/demo/cycles')).toBe(1))
    expect(service.last('POST /projects/demo/cycles').body).toMatchObject({
      settings: { preset: 'cpu-quick', training: { steps: 75 }, network: { stem_stride: 1 } },
    })
  })

  it('shows what the service finds wrong with the settings together', async () => {
    const reason = 'bald cannot work here: set network.dropout to 0.2, say.'
    const { dialog, launch } = await openDialog({
      'POST /projects/demo/cycles/check': { settings: null, errors: [{ where: 'acquisition', reason }] },
    })
    expect(await dialog.findByText(`acquisition: ${reason}`)).toBeDefined()
    expect(launch.disabled).toBe(true)
  })

  it('shows what the service says against it', async () => {
    const { user, dialog, launch } = await openDialog({
      'POST /projects/demo/cycles': new Refusal(
        409,
        'cycle-running',
        'A cycle is running already',
        'Wait for cycle 4.',
      ),
    })
    await user.click(launch)
    expect((await dialog.findByRole('alert')).textContent).toContain('Wait for cycle 4.')
  })
})

describe('the rules of a launch', () => {
  it('counts junk as a class, as the service does', () => {
    const labeled = { ...progressAtStart.labeled, junk: 6, training_total: 10 }
    expect(readiness({ ...progressAtStart, labeled }).missing).toBeNull()
    expect(readiness({ ...progressAtStart, labeled: { ...labeled, by_class: [] } }).classes).toBe(1)
  })

  it('knows what is left to pick', () => {
    expect(pickable(progress)).toBe(600 - 100 - 142 - 4)
    expect(batchSizeError('1', 0)).toBe('Every particle of the pool is labeled already.')
    expect(batchSizeError('2', 1)).toBe('Only 1 unlabeled particle is left to pick from.')
    expect(batchSizeError(' 354 ', 354)).toBeNull()
  })

  it('starts from the last cycle’s choices, else from the catalogue’s', () => {
    const last = readyCycles[0]
    expect(startingChoices(catalogue, undefined)).toEqual({
      preset: 'cpu-quick',
      acquisition: 'auto',
    })
    expect(
      startingChoices(catalogue, last && { ...last, settings: { acquisition: 'cod', preset: 'gone' } }),
    ).toEqual({
      preset: 'cpu-quick',
      acquisition: 'cod',
    })
    const empty = { ...catalogue, acquisition: [], presets: [], settings_schema: null, default_preset: null }
    expect(startingChoices(empty, undefined)).toEqual({ preset: '', acquisition: '' })
  })
})
