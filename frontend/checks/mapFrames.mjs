/**
 * How smoothly the map moves: `npm run build && node checks/mapFrames.mjs [--points 100000] [--seconds 4] [--json FILE]`
 * opens the built page with so many particles in a headless Chromium without a graphics card, drags and zooms it, and
 * writes how long its frames took. On a quiet machine.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { runnerImport } from 'vite'
import { BROWSER } from './labelService.mjs'

const WEB = fileURLToPath(new URL('../../backend/tomosift/web/', import.meta.url))
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const ORIGIN = 'http://localhost:8765'
const LEAST_FRAMES_A_SECOND = 30

const { values: options } = parseArgs({
  options: {
    points: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '4' },
    json: { type: 'string' },
  },
})
const count = Number(options.points)

const { module: f } = await runnerImport('./src/testing/fixtures.ts')
const answers = {
  '/api/v1/session': f.session,
  '/api/v1/projects/demo': f.project,
  '/api/v1/projects/demo/map': Buffer.from(f.mapFile(count)),
}
const browser = await chromium.launch(BROWSER)
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
page.on('pageerror', (error) => console.error(error.message))
await page.route('**/*', async (route) => {
  const { pathname } = new URL(route.request().url())
  if (pathname.startsWith('/api/')) {
    const found = answers[pathname]
    if (Buffer.isBuffer(found)) return route.fulfill({ body: found })
    return found === undefined ? route.fulfill({ status: 404, json: {} }) : route.fulfill({ json: found })
  }
  const file = pathname.includes('.') ? pathname : '/index.html'
  return route.fulfill({ body: await readFile(join(WEB, file)), contentType: TYPES[extname(file)] })
})
await page.goto(`${ORIGIN}/projects/demo/map`)
const canvas = page.locator('canvas').first()
await canvas.waitFor()
await page.waitForTimeout(1500)

/** Moves the map by pointer events, one a frame, and notes when each frame came. */
const measure = (kind) =>
  canvas.evaluate(
    async (element, { kind, seconds }) => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
      const box = element.getBoundingClientRect()
      const [midX, midY] = [box.left + box.width / 2, box.top + box.height / 2]
      const send = (type, x, y, more = {}) => {
        const Kind = type === 'wheel' ? WheelEvent : PointerEvent
        const at = { clientX: x, clientY: y, button: 0, pointerId: 1, bubbles: true, cancelable: true }
        element.dispatchEvent(new Kind(type, { ...at, ...more }))
      }
      // The pointer is not captured: it is not a real one.
      element.setPointerCapture = () => undefined
      if (kind === 'pan') send('pointerdown', midX, midY)
      const times = []
      const end = performance.now() + 1000 * seconds
      for (let step = 1; performance.now() < end; step++) {
        const turn = step / 20
        if (kind === 'pan') send('pointermove', midX + 160 * Math.cos(turn), midY + 120 * Math.sin(turn))
        else send('wheel', midX, midY, { deltaY: Math.floor(step / 40) % 2 === 0 ? -40 : 40 })
        await frame()
        times.push(performance.now())
      }
      if (kind === 'pan') send('pointerup', midX, midY)
      return times.slice(1).map((time, at) => time - times[at])
    },
    { kind, seconds: Number(options.seconds) },
  )

function figures(frames) {
  const ordered = frames.toSorted((one, other) => one - other)
  const at = (share) =>
    Number(ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))].toFixed(1))
  const seconds = frames.reduce((sum, each) => sum + each, 0) / 1000
  return {
    frames: frames.length,
    frames_per_second: Number((frames.length / seconds).toFixed(1)),
    median_ms: at(0.5),
    p95_ms: at(0.95),
  }
}

const size = await canvas.evaluate(({ width, height }) => [width, height])
const [pan, zoom] = [figures(await measure('pan')), figures(await measure('zoom'))]
const result = {
  what: 'Frames of the map while it is dragged and zoomed',
  points: count,
  canvas: size,
  browser: browser.version(),
  cores: cpus().length,
  pan,
  zoom,
}
await browser.close()
console.log(JSON.stringify(result, null, 1))
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, null, 1)}\n`)
process.exitCode = pan.frames_per_second >= LEAST_FRAMES_A_SECOND ? 0 : 1
