import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import {
  exportFormats,
  exportPreview,
  exportReady,
  exportRunning,
  exports,
  jobExporting,
  page,
  progressEmpty,
  project,
} from '../../testing/fixtures'
import { renderApp } from '../../testing/renderApp'
import { type Answer, Refusal } from '../../testing/service'

const open = (changes: Record<string, Answer> = {}) =>
  renderApp('/projects/demo/export', {
    'GET /projects/demo/exports': page([]),
    'GET /projects/demo/exports/formats': exportFormats,
    'POST /projects/demo/exports/preview': exportPreview,
    'POST /projects/demo/exports': exportRunning,
    'GET /projects/demo/exports/e1': exportReady,
    ...changes,
  })

const USUAL = ['barrel', 'double ring', 'hollow sphere', 'rod', 'Y', 'bilobed blob']

describe('a new export', () => {
  it('shows counts and the expected fraction right, in words', async () => {
    open()
    const table = within(await screen.findByRole('table', { name: 'Particles by class' }))
    const row = table.getByRole('row', { name: /^barrel/ }).textContent
    expect(row).toContain('15341112')
    expect(row).toContain('94 % (84–98 %)')
    expect(row).toContain('Of the 62 evaluation particles that the model calls barrel, 58 are.')
    expect(row).toContain('Of 12 that several people judged, 11 agree.')
    expect(table.getByRole('row', { name: /^rod/ }).textContent).toContain('Too few to rely on.')
    expect((await screen.findByText('486 particles')).parentElement?.textContent).toContain('of 600')
    expect(screen.getByText(/The model decided 357 of them/).textContent).toBe(
      'The model decided 357 of them; 90 % (84–94 %) of those are expected to be right, by 137 evaluation particles.',
    )
  })

  it('starts with all classes but junk, unsure and unlabeled', async () => {
    const { service, user } = open()
    expect(((await screen.findByLabelText('junk')) as HTMLInputElement).checked).toBe(false)
    expect((screen.getByLabelText('barrel') as HTMLInputElement).checked).toBe(true)
    await user.click(screen.getByRole('button', { name: 'Export' }))
    expect(await screen.findByText('The export has started.')).toBeDefined()
    expect(service.last('POST /projects/demo/exports').body).toEqual({
      classes_from: 'labels-else-predictions',
      filters: { classes: USUAL },
      format: 'source',
      layout: 'one-file',
      columns: ['label', 'decided-by', 'confidence'],
      class_number: 'set',
      volumes: 'none',
      rewrite_images: false,
      class_sums: false,
    })
  })

  it('sends what was chosen', async () => {
    const { service, user } = open()
    await user.click(await screen.findByLabelText('junk'))
    await user.click(screen.getByLabelText('barrel'))
    fireEvent.change(screen.getByLabelText('The model is at least this sure'), { target: { value: '0.85' } })
    await user.click(screen.getByRole('radio', { name: 'A file for each class' }))
    await user.selectOptions(screen.getByLabelText('Volumes'), '.mrcs, one stack')
    await user.click(screen.getByLabelText('Let the list name the exported volumes'))
    await user.click(screen.getByLabelText('Agreement'))
    await user.click(screen.getByRole('button', { name: 'Export' }))
    await screen.findByText('The export has started.')
    expect(service.last('POST /projects/demo/exports').body).toMatchObject({
      filters: { classes: [...USUAL.filter((name) => name !== 'barrel'), 'junk'], min_confidence: 0.85 },
      layout: 'per-class',
      columns: ['label', 'decided-by', 'confidence', 'agreement'],
      volumes: 'mrc-stack',
      rewrite_images: true,
    })
  })

  it('asks anew what a threshold leaves', async () => {
    const { service, user } = open()
    const table = within(await screen.findByRole('table', { name: 'What a threshold would leave' }))
    expect(table.getByRole('row', { name: /^90 %/ }).textContent).toContain('97 % (91–99 %)')
    await user.click(table.getByRole('button', { name: '90 %' }))
    await waitFor(() =>
      expect(service.last('POST /projects/demo/exports/preview').body).toMatchObject({
        filters: { classes: USUAL, min_confidence: 0.9 },
      }),
    )
  })

  it('does not begin without a class, and says why the service refuses', async () => {
    const { service, user } = open({
      'POST /projects/demo/exports': new Refusal(409, 'busy', 'Another export runs', 'Wait for it.'),
      'POST /projects/demo/exports/preview': {
        ...exportPreview,
        classes: exportPreview.classes.filter(({ name }) => name === 'barrel' || name === 'junk'),
      },
    })
    await user.click(await screen.findByLabelText('barrel'))
    expect(screen.getByText('Choose at least one class.')).toBeDefined()
    expect((screen.getByRole('button', { name: 'Export' }) as HTMLButtonElement).disabled).toBe(true)
    await user.click(screen.getByLabelText('junk'))
    await user.click(screen.getByRole('button', { name: 'Export' }))
    expect((await screen.findByRole('alert')).textContent).toContain('Wait for it.')
    expect(service.last('POST /projects/demo/exports').body).toMatchObject({ filters: { classes: ['junk'] } })
  })
})

describe('exports made before', () => {
  it('list their files to download', async () => {
    open({ 'GET /projects/demo/exports': exports })
    expect(await screen.findByText(/confidence ≥ 0.9/, { selector: 'li:first-child *' })).toBeDefined()
    const all = screen.getByRole('link', { name: 'Download all as .zip' })
    expect(all.getAttribute('href')).toBe('/api/v1/projects/demo/exports/e1/archive')
    const file = await screen.findByRole('link', { name: 'particles_barrel.star' })
    expect(file.getAttribute('href')).toBe('/api/v1/projects/demo/exports/e1/files/particles_barrel.star')
    expect(screen.getByText('Deleted')).toBeDefined()
    expect(screen.getAllByText(/^Ada Lindqvist,/)).toHaveLength(2)
    expect(screen.getAllByText('Download all as .zip')).toHaveLength(1)
  })

  it('show how far a running one is, and cancel it', async () => {
    const { service, user } = open({
      'GET /projects/demo/exports': page([exportRunning]),
      'GET /projects/demo/jobs': page([jobExporting]),
      'POST /projects/demo/jobs/e2/cancel': jobExporting,
    })
    const bar = await screen.findByRole('progressbar', { name: 'Export' })
    await waitFor(() => expect(bar.getAttribute('aria-valuenow')).toBe('24.7'))
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(service.count('POST /projects/demo/jobs/e2/cancel')).toBe(1))
  })
})

it('tells who may not export, and an empty pool, what to do', async () => {
  const first = open({ 'GET /projects/demo': { ...project, role: 'annotator' } })
  expect(await screen.findByText('Exports are made by curators')).toBeDefined()
  expect(first.service.count('POST /projects/demo/exports/preview')).toBe(0)
  first.unmount()
  open({ 'GET /projects/demo/progress': progressEmpty })
  expect(await screen.findByText('Nothing to export yet')).toBeDefined()
})
