import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import {
  coordinatesPreview,
  importPreview,
  jobPreviewed,
  jobPreviewing,
  jobsImporting,
  project,
} from '../../../testing/fixtures'
import { renderApp } from '../../../testing/renderApp'
import { type Answer, Refusal } from '../../../testing/service'

function volumeAnswer(): Response {
  return new Response(new Uint8Array(8), {
    headers: {
      'X-Volume-Shape': '2,2,2',
      'X-Volume-Scale': '1',
      'X-Volume-Offset': '0',
      'X-Volume-Mean': '0',
      'X-Volume-Std': '1',
    },
  })
}

const samples = Object.fromEntries(
  importPreview.samples.map(({ number }) => [
    `GET /projects/demo/imports/previews/p1/samples/${number}`,
    volumeAnswer,
  ]),
)

function open(changes: Record<string, Answer> = {}) {
  return renderApp('/projects/demo/data', {
    'POST /projects/demo/imports/preview': jobPreviewing,
    'GET /projects/demo/jobs/p1': jobPreviewed,
    'GET /projects/demo/imports/previews/p1': importPreview,
    'POST /projects/demo/imports': jobsImporting.items[0],
    ...samples,
    ...changes,
  })
}

async function lookAt(user: ReturnType<typeof open>['user'], path = '/data/particles.star') {
  await user.click(await screen.findByLabelText('On the server'))
  await user.type(screen.getByLabelText('Path of the particle list on the server'), path)
  await user.click(screen.getByRole('button', { name: 'Look at the files' }))
}

describe('bringing data from the server', () => {
  it('needs a whole path', async () => {
    const { service, user } = open()
    await lookAt(user, 'particles.star')
    expect(screen.getByRole('alert').textContent).toContain('beginning with “/”')
    expect(service.count('POST /projects/demo/imports/preview')).toBe(0)
  })

  it('shows what was found before anything is imported', async () => {
    const { service, user } = open()
    await lookAt(user)
    expect(await screen.findByText('84,213')).toBeDefined()
    expect(screen.getByText('84,173 new, 40 in the pool already')).toBeDefined()
    expect(screen.getByText('6.9 Å/voxel')).toBeDefined()
    expect(screen.getByText(/brighter than what is around it/)).toBeDefined()
    expect(within(screen.getByRole('list', { name: 'Sample volumes' })).getAllByRole('button')).toHaveLength(
      10,
    )
    await user.click(screen.getByRole('button', { name: 'Enlarge TS_08/0074.mrc' }))
    expect(await screen.findByText(/18 % of its box lies outside the tomogram/)).toBeDefined()
    expect(service.last('POST /projects/demo/imports/preview').body).toEqual({ path: '/data/particles.star' })
    expect(service.count('POST /projects/demo/imports')).toBe(0)
  })

  it('imports what was looked at', async () => {
    const { service, user } = open()
    await lookAt(user)
    await user.click(await screen.findByRole('button', { name: 'Import 84,173 particles' }))
    expect(await screen.findByText('The import has started.')).toBeDefined()
    expect(service.last('POST /projects/demo/imports').body).toEqual({ path: '/data/particles.star' })
    expect(screen.getByRole('button', { name: 'Choose files' })).toBeDefined()
  })

  it('brings the classes of the list as labels under a name', async () => {
    const { service, user } = open()
    await lookAt(user)
    await user.click(await screen.findByRole('radio', { name: 'As labels' }))
    const start = screen.getByRole('button', { name: 'Import 84,173 particles' })
    await user.click(start)
    expect(screen.getByRole('alert').textContent).toContain('Give them a name')
    await user.type(screen.getByLabelText('Where these classes are from'), 'Class3D job042')
    await user.type(screen.getByLabelText('Class for 1'), 'barrel')
    await user.type(screen.getByLabelText('Class for 2'), 'nucleosome')
    expect(screen.getByText(/A class is added to the project: nucleosome/)).toBeDefined()
    await user.click(start)
    await screen.findByText('The import has started.')
    expect(service.last('POST /projects/demo/imports').body).toEqual({
      path: '/data/particles.star',
      labels: {
        as: 'labels',
        importer: 'Class3D job042',
        column: 'rlnClassNumber',
        classes: { '1': 'barrel', '2': 'nucleosome', junk: 'junk' },
        create_classes: true,
      },
    })
  })

  it('lets only an owner add classes', async () => {
    const { service, user } = open({ 'GET /projects/demo': { ...project, role: 'curator' } })
    await lookAt(user)
    await user.click(await screen.findByRole('radio', { name: 'As predictions to start from' }))
    await user.type(screen.getByLabelText('Where these classes are from'), 'x')
    await user.type(screen.getByLabelText('Class for 1'), 'new one')
    expect(screen.getByText('Only an owner of the project adds classes')).toBeDefined()
    await user.clear(screen.getByLabelText('Class for 1'))
    await user.click(screen.getByRole('button', { name: 'Import 84,173 particles' }))
    await screen.findByText('The import has started.')
    expect(service.last('POST /projects/demo/imports').body).toMatchObject({
      labels: { as: 'predictions', classes: { '1': null, '2': null, junk: 'junk' }, create_classes: false },
    })
  })

  it('asks for tomograms where the list holds positions only', async () => {
    const { service, user } = open({ 'GET /projects/demo/imports/previews/p1': coordinatesPreview })
    await lookAt(user, '/data/picks.csv')
    expect(await screen.findByText('This list holds positions only')).toBeDefined()
    expect(screen.queryByRole('button', { name: /^Import/ })).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Look again' }))
    expect(screen.getByRole('alert').textContent).toContain('Say where the tomograms are')
    await user.type(screen.getByLabelText('Folder'), '/data/tomograms')
    const box = screen.getByLabelText('Box, in voxels')
    await user.clear(box)
    await user.type(box, '64')
    await user.type(screen.getByLabelText('Rescale to Å per voxel'), '13,5')
    await user.click(screen.getByLabelText('Invert the contrast'))
    service.answers['GET /projects/demo/imports/previews/p1'] = {
      ...coordinatesPreview,
      kind: 'cut',
      box_size: 64,
    }
    await user.click(screen.getByRole('button', { name: 'Look again' }))
    expect(service.last('POST /projects/demo/imports/preview').body).toEqual({
      path: '/data/picks.csv',
      tomograms: { folder: '/data/tomograms', pattern: '{tomogram}.mrc' },
      cut: { box_size: 64, voxel_size_angstrom: 13.5, invert: true, normalise: 'none' },
    })
  })

  it('offers the options again after files that could not be read', async () => {
    const { service, user } = open({
      'GET /projects/demo/jobs/p1': {
        ...jobPreviewed,
        state: 'failed',
        problem: { type: 'urn:x:voxel-size', title: 'The voxel size is unknown', detail: 'Give it.' },
      },
    })
    await lookAt(user)
    expect(await screen.findByText('The voxel size is unknown')).toBeDefined()
    await user.type(screen.getByLabelText('Å per voxel'), '-1')
    await user.click(screen.getByRole('button', { name: 'Look again' }))
    expect(screen.getAllByRole('alert').at(-1)?.textContent).toContain('Give a number of Å')
    await user.clear(screen.getByLabelText('Å per voxel'))
    await user.type(screen.getByLabelText('Å per voxel'), '6.9')
    await user.selectOptions(screen.getByLabelText('Format'), 'Dynamo table')
    await user.click(screen.getByRole('button', { name: 'Look again' }))
    expect(service.last('POST /projects/demo/imports/preview').body).toEqual({
      path: '/data/particles.star',
      format: 'dynamo',
      voxel_size_angstrom: 6.9,
    })
  })

  it('does not import what has errors, names the rows, and looks again once they are mended', async () => {
    const { service, user } = open({
      'GET /projects/demo/imports/previews/p1': {
        ...importPreview,
        errors: [{ row: 14, column: 'rlnImageName', reason: '000014.mrc is cut short.' }],
      },
    })
    await lookAt(user)
    const table = within(await screen.findByRole('table', { name: 'Rows that could not be imported' }))
    expect(table.getByRole('row', { name: /^14/ }).textContent).toContain('is cut short')
    expect(screen.queryByRole('button', { name: /^Import/ })).toBeNull()
    Object.assign(service.answers, {
      'POST /projects/demo/imports/preview': { ...jobPreviewed, id: 'p2' },
      'GET /projects/demo/jobs/p2': { ...jobPreviewed, id: 'p2' },
      'GET /projects/demo/imports/previews/p2': importPreview,
    })
    await user.click(screen.getByRole('button', { name: /look again/ }))
    expect(await screen.findByRole('button', { name: 'Import 84,173 particles' })).toBeDefined()
    expect(service.last('POST /projects/demo/imports/preview').body).toEqual({ path: '/data/particles.star' })
  })

  it('says so when everything is there already', async () => {
    const { user } = open({
      'GET /projects/demo/imports/previews/p1': { ...importPreview, new_count: 0, already_there: 84213 },
    })
    await lookAt(user)
    expect(await screen.findByText(/Every particle of this list is in the pool already/)).toBeDefined()
  })

  it('shows why a path may not be read', async () => {
    const { user } = open({
      'POST /projects/demo/imports/preview': new Refusal(
        422,
        'outside-roots',
        'Not readable',
        'Ask to open it.',
      ),
    })
    await lookAt(user, '/etc/passwd')
    expect((await screen.findByRole('alert')).textContent).toContain('Ask to open it.')
  })
})

describe('bringing data from this computer', () => {
  const sends = {
    'POST /projects/demo/uploads': { id: 'u1', expires_at: '2026-12-01T00:00:00Z' },
    'POST /projects/demo/uploads/u1/files': { files: 2, size: 6 },
  }
  const star = () => new File(['data_'], 'picks.star')
  const cube = () => new File(['x'], 'cube.mrc')

  it('sends the chosen files and looks at the list among them', async () => {
    const { service, user } = open(sends)
    await user.click(await screen.findByLabelText('On this computer'))
    await user.upload(screen.getByLabelText('Files to send'), [cube(), star()])
    expect(screen.getByText(/2 files, 6 bytes/)).toBeDefined()
    expect((screen.getByLabelText('Particle list') as HTMLSelectElement).value).toBe('picks.star')
    await user.click(screen.getByRole('button', { name: 'Send to the server' }))
    expect(await screen.findByText('84,213')).toBeDefined()
    expect(service.last('POST /projects/demo/imports/preview').body).toEqual({
      upload_id: 'u1',
      list: 'picks.star',
    })
    await user.click(screen.getByRole('button', { name: 'Change: Files' }))
    await user.click(screen.getByLabelText('On this computer'))
    expect(screen.getByRole('button', { name: 'Choose files' })).toBeDefined()
  })

  it('unpacks an archive and asks which list in it', async () => {
    const { service, user } = open({
      ...sends,
      'POST /projects/demo/uploads/u1/unpack': { ...jobPreviewing, id: 'k1' },
      'GET /projects/demo/jobs/k1': { ...jobPreviewed, id: 'k1' },
      'GET /projects/demo/uploads/u1/files': new Response(
        '{"path":"run/a.star","size":5}\n{"path":"run/b.csv","size":1}\n',
      ),
    })
    await user.click(await screen.findByLabelText('On this computer'))
    await user.upload(screen.getByLabelText('Files to send'), [new File(['PK'], 'run.zip')])
    await user.click(screen.getByRole('button', { name: 'Send to the server' }))
    await user.selectOptions(await screen.findByLabelText('Particle list'), 'run/b.csv')
    await user.click(screen.getByRole('button', { name: 'Look at the files' }))
    expect(await screen.findByText('84,213')).toBeDefined()
    expect(service.count('POST /projects/demo/uploads/u1/unpack')).toBe(1)
    expect(service.last('POST /projects/demo/imports/preview').body).toEqual({
      upload_id: 'u1',
      list: 'run/b.csv',
    })
  })

  it('can be stopped and taken up again after a refusal', async () => {
    const { service, user } = open({
      ...sends,
      'POST /projects/demo/uploads/u1/files': new Refusal(
        507,
        'disk-full',
        'The disk is full',
        'Ask for room.',
      ),
      'GET /projects/demo/uploads/u1/files': new Response(''),
    })
    await user.click(await screen.findByLabelText('On this computer'))
    await user.upload(screen.getByLabelText('Files to send'), [cube()])
    expect((screen.getByLabelText('Particle list') as HTMLSelectElement).value).toBe('.')
    await user.click(screen.getByRole('button', { name: 'Send to the server' }))
    expect((await screen.findByRole('alert')).textContent).toContain('Ask for room.')
    service.answers['POST /projects/demo/uploads/u1/files'] = { files: 1, size: 1 }
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByText('84,213')).toBeDefined()
  })
})
