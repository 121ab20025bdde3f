/**
 * A service for measuring the label page: the built interface, and as many made-up particles as are asked for. In every
 * second volume the particle is bright, in the others dark, so that a pixel in the middle tells one from the next.
 */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

/** Where `npm run build` puts the interface. */
export const BUILT = fileURLToPath(new URL('../../backend/tomosift/web/', import.meta.url))
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const KINDS = 8

/** `edge`³ voxels of noise with a ball in the middle. */
function madeUpVolume(edge, seed) {
  let state = seed * 7919 + 1
  const noise = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648 - 0.5
  }
  const middle = (edge - 1) / 2
  const contrast = seed % 2 === 0 ? -60 : 60
  const body = Buffer.alloc(edge ** 3)
  for (let at = 0; at < body.length; at++) {
    const [x, y, z] = [at % edge, Math.floor(at / edge) % edge, Math.floor(at / edge ** 2)]
    const isInside = Math.hypot(x - middle, y - middle, z - middle) < 0.25 * edge
    body[at] = Math.max(0, Math.min(255, 128 + (isInside ? contrast : 0) + 90 * noise()))
  }
  return body
}

/** Starts the service on a built interface; resolves with its address, how many decisions came, and how to stop it. */
export async function startLabelService({ web, edge, items }) {
  const { module: f } = await runnerImport('./src/testing/fixtures.ts')
  const volumes = Array.from({ length: KINDS }, (_, kind) => madeUpVolume(edge, kind))
  let next = 0
  let decisions = 0
  const task = (id) => ({
    lease: { id, fencing_token: id },
    work: 'query',
    subtomogram: {
      id,
      name: `TS_01/${String(id).padStart(6, '0')}`,
      tomogram: null,
      source_row: id,
      box_size: edge,
      voxel_size_angstrom: 13.5,
      volume_url: `/api/v1/projects/demo/subtomograms/${id}/volume?h=${id}`,
    },
    pick: {
      cycle_number: 3,
      acquisition: 'entropy',
      score: 0.5,
      rank: id,
      batch_size: 40,
      reason: 'Unsure.',
    },
  })
  const claim = ({ count }) => {
    const tasks = []
    while (tasks.length < count && next < items) tasks.push(task(next++))
    const empty = { code: 'batch-done-launch', title: 'Done', detail: 'Done.', may_add_random: false }
    return { tasks, empty: tasks.length === 0 ? empty : null, queue: f.progress.queue }
  }
  const view = {
    cycle: 3,
    prediction: { kind: 'junk', class_id: null },
    confidence: 0.7,
    choices: [{ kind: 'junk', class_id: null, probability: 0.7 }],
    unlike: null,
  }
  const answers = {
    'GET /session': () => f.session,
    'GET /projects': () => f.projects,
    'GET /projects/demo': () => f.project,
    'GET /projects/demo/progress': () => f.progress,
    'GET /projects/demo/cycles': () => f.page(f.readyCycles),
    'GET /catalogue': () => f.catalogue,
    'POST /projects/demo/tasks/claim': claim,
    'POST /projects/demo/decisions': () => ({ event_id: ++decisions, status: 'accepted', label: null }),
  }

  async function answer(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost')
    if (!pathname.startsWith('/api/')) return sendFile(response, web, pathname)
    if (pathname.endsWith('/events')) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      return response.write('event: hello\ndata: {}\n\n')
    }
    const asked = /\/subtomograms\/(\d+)\/(\S+)$/.exec(pathname)
    if (asked?.[2] === 'volume') return sendVolume(response, volumes[Number(asked[1]) % KINDS], edge)
    if (asked?.[2] === 'model-view') return sendJson(response, 200, view)
    if (request.method === 'DELETE') return response.writeHead(204).end()
    // Otherwise the page drops what it holds ahead, once a minute.
    if (/\/leases\/\d+\/heartbeat$/.test(pathname)) return sendJson(response, 200, {})
    const found = answers[`${request.method} ${pathname.replace('/api/v1', '')}`]
    const body = await readBody(request)
    if (found !== undefined) return sendJson(response, 200, found(body))
    const detail = `Nothing at ${pathname}.`
    return sendJson(response, 404, { type: 'x', title: 'Not found', status: 404, detail })
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://localhost:${server.address().port}`
  return { url, decisions: () => decisions, stop: () => server.closeAllConnections() ?? server.close() }
}

async function readBody(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return parts.length === 0 ? null : JSON.parse(Buffer.concat(parts).toString())
}

function sendJson(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

function sendVolume(response, body, edge) {
  response
    .writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'X-Volume-Shape': `${edge},${edge},${edge}`,
      'X-Volume-Scale': '1',
      'X-Volume-Offset': '0',
      'X-Volume-Mean': '128',
      'X-Volume-Std': '40',
    })
    .end(body)
}

async function sendFile(response, web, path) {
  const file = extname(path) === '' ? '/index.html' : path
  try {
    const body = await readFile(join(web, file))
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body)
  } catch {
    response.writeHead(404).end()
  }
}

/** Headless Chromium with software WebGL 2. */
export const BROWSER = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
  ],
}

/** Runs in the page: the mean brightness in the middle of the XY slice, read back from the graphics. */
export const lookAtMiddle = `
  window.lookAtMiddle = () => {
    const canvas = document.querySelector('[role=application] canvas')
    const gl = canvas.getContext('webgl2')
    const bound = gl.getParameter(gl.FRAMEBUFFER_BINDING)
    gl.bindFramebuffer(gl.FRAMEBUFFER, null)
    const edge = 8
    const pixels = new Uint8Array(4 * edge * edge)
    const [x, y] = [Math.round(canvas.width / 4) - 24, Math.round((3 * canvas.height) / 4) + 16]
    gl.readPixels(x, y, edge, edge, gl.RGBA, gl.UNSIGNED_BYTE, pixels)
    gl.bindFramebuffer(gl.FRAMEBUFFER, bound)
    let sum = 0
    for (let at = 0; at < pixels.length; at += 4) sum += pixels[at]
    return sum / (edge * edge)
  }
  // The name of the particle that can be decided now; null while there is none.
  window.shownParticle = () => {
    const button = document.querySelector('[aria-label=Classes] button')
    const name = [...document.querySelectorAll('dt')].find(({ textContent }) => textContent === 'Particle')
    return button?.getAttribute('aria-disabled') === 'false' ? (name?.nextElementSibling.textContent ?? null) : null
  }
`
