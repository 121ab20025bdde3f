/** The pages that bring data in and take it out: the import in each of its states, and the export. */
export function dataPages(f, kit) {
  return [
    { name: 'data', path: '/projects/demo/data', answers: kit.project(f) },
    {
      name: 'data-importing',
      path: '/projects/demo/data',
      answers: kit.project(f, { 'GET /projects/demo/jobs': f.jobsImporting }),
    },
    {
      name: 'data-imported',
      path: '/projects/demo/data',
      answers: kit.project(f, { 'GET /projects/demo/jobs': f.jobsJustDone }),
    },
    {
      name: 'data-command',
      path: '/projects/demo/data',
      answers: kit.project(f, { 'GET /projects/demo/sources': f.page([]) }),
      act: (page) => page.getByText('By command').click(),
    },
    {
      name: 'data-chosen',
      path: '/projects/demo/data',
      answers: kit.project(f),
      act: async (page) => {
        await page.getByLabel('Files to send').setInputFiles([
          { name: 'particles.star', mimeType: 'text/plain', buffer: Buffer.alloc(48_000) },
          { name: 'stack.mrcs', mimeType: 'application/octet-stream', buffer: Buffer.alloc(4_200_000) },
        ])
      },
    },
    {
      name: 'data-sending',
      path: '/projects/demo/data',
      answers: kit.project(f, {
        'POST /projects/demo/uploads': { id: 'u1' },
        'POST /projects/demo/uploads/u1/files': { files: 1, size: 48_000 },
        'PUT /projects/demo/uploads/u1/files/stack.mrcs': kit.problem(502, 'gone', 'Gone', 'Gone.'),
        'GET /healthz': { status: 'ok' },
      }),
      act: async (page) => {
        await page.getByLabel('Files to send').setInputFiles([
          { name: 'particles.star', mimeType: 'text/plain', buffer: Buffer.alloc(480_000) },
          { name: 'stack.mrcs', mimeType: 'application/octet-stream', buffer: Buffer.alloc(1_200_000) },
        ])
        await page.getByRole('button', { name: 'Send to the server' }).click()
      },
    },
    {
      name: 'data-looking',
      path: '/projects/demo/data',
      answers: looking(f, kit, f.importPreview, f.jobPreviewing),
      act: lookAt,
    },
    {
      name: 'data-preview',
      path: '/projects/demo/data',
      answers: looking(f, kit, f.importPreview),
      act: lookAt,
      fullPage: true,
    },
    {
      name: 'data-preview-labels',
      path: '/projects/demo/data',
      answers: looking(f, kit, f.importPreview),
      act: async (page) => {
        await lookAt(page)
        await page.getByRole('radio', { name: 'As labels' }).check()
        await page.getByLabel('Class for 1').fill('barrel')
        await page.getByLabel('Class for 2').fill('nucleosome')
      },
      fullPage: true,
    },
    {
      name: 'data-sample',
      path: '/projects/demo/data',
      answers: looking(f, kit, f.importPreview),
      act: async (page) => {
        await lookAt(page)
        await page.getByRole('button', { name: 'Enlarge TS_08/0074.mrc' }).click()
      },
    },
    {
      name: 'data-coordinates',
      path: '/projects/demo/data',
      answers: looking(f, kit, f.coordinatesPreview),
      act: lookAt,
      fullPage: true,
    },
    {
      name: 'data-errors',
      path: '/projects/demo/data',
      answers: looking(f, kit, { ...f.importPreview, errors: f.jobsFailed.items[0].problem.errors }),
      act: lookAt,
      fullPage: true,
    },
    { name: 'export', path: '/projects/demo/export', answers: exporting(f, kit, f.page([])), fullPage: true },
    { name: 'export-top', path: '/projects/demo/export', answers: exporting(f, kit, f.page([])) },
    {
      name: 'export-ready',
      path: '/projects/demo/export',
      answers: exporting(f, kit, f.exports),
    },
    {
      name: 'export-running',
      path: '/projects/demo/export',
      answers: exporting(f, kit, f.page([f.exportRunning, ...f.exports.items])),
    },
    {
      name: 'export-filters',
      path: '/projects/demo/export',
      answers: exporting(f, kit, f.page([])),
      act: async (page) => {
        await page.getByText('More filters').click()
        await page.getByLabel('Also write the average').check()
      },
      fullPage: true,
    },
    {
      name: 'data-failed',
      path: '/projects/demo/data',
      answers: kit.project(f, { 'GET /projects/demo/jobs': f.jobsFailed }),
    },
  ]
}

/** The answers of a data page on which files are looked at. */
function looking(f, { project, volumeAnswer }, preview, job = f.jobPreviewed) {
  const samples = preview.samples.map(({ number }) => [
    `GET /projects/demo/imports/previews/p1/samples/${number}`,
    volumeAnswer(48, number + 1),
  ])
  return project(f, {
    'POST /projects/demo/imports/preview': f.jobPreviewing,
    'GET /projects/demo/jobs/p1': job,
    'GET /projects/demo/imports/previews/p1': preview,
    ...Object.fromEntries(samples),
  })
}

async function lookAt(page) {
  await page.getByText('On the server', { exact: true }).click()
  await page.getByLabel('Path of the particle list on the server').fill('/data/session-12/particles.star')
  await page.getByRole('button', { name: 'Look at the files' }).click()
  await page.waitForTimeout(1200)
}

const exporting = (f, { project }, exports) =>
  project(f, {
    'GET /projects/demo/exports': exports,
    'GET /projects/demo/exports/formats': f.exportFormats,
    'POST /projects/demo/exports/preview': f.exportPreview,
    'GET /projects/demo/exports/e1': f.exportReady,
    'GET /projects/demo/jobs': f.page([f.jobExporting]),
  })
