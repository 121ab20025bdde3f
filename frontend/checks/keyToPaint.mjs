/**
 * How long it takes from the key of a decision until the next volume's slices are on screen:
 * `npm run build && node checks/keyToPaint.mjs [--box 28] [--decisions 120] [--json FILE]`, on a quiet machine.
 *
 * Timed twice, in turns of ten: until the new pixels can be read back from the graphics, and, with nothing read back,
 * until the browser says that the frame after the key was presented (Event Timing, steps of 8 ms).
 */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { BROWSER, BUILT, lookAtMiddle, startLabelService } from './labelService.mjs'

const WARM_UP = 15
const LIMITS = { median: 60, p95: 120 }
/** People take longer; the four volumes ahead must be there. */
const PAUSE_MS = 350
const TURN = 10
/** Further than this apart, one volume's middle is bright and the other's dark. */
const DIFFERENT = 40

const { values } = parseArgs({
  options: {
    box: { type: 'string', default: '28' },
    decisions: { type: 'string', default: '120' },
    web: { type: 'string', default: BUILT },
    json: { type: 'string' },
  },
})
const [box, decisions] = [Number(values.box), Number(values.decisions)]

const service = await startLabelService({ web: values.web, edge: box, items: decisions + 20 })
const browser = await chromium.launch(BROWSER)
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
page.on('pageerror', (error) => console.error(error.message))
await page.addInitScript(lookAtMiddle)
await page.addInitScript((different) => {
  // From now on look after each frame, when all its drawing is done: has the picture changed since the key?
  window.watch = () => {
    window.changed = new Promise((resolve) => {
      const before = window.lookAtMiddle()
      let pressed = null
      window.addEventListener('keydown', (event) => (pressed = event.timeStamp), {
        capture: true,
        once: true,
      })
      const afterFrame = new MessageChannel()
      afterFrame.port1.onmessage = () => {
        const isNew = pressed !== null && Math.abs(window.lookAtMiddle() - before) > different
        if (isNew) resolve(performance.now() - pressed)
        else requestAnimationFrame(() => afterFrame.port2.postMessage(null))
      }
      requestAnimationFrame(() => afterFrame.port2.postMessage(null))
    })
  }
  // Or leave the graphics alone and ask the browser when the frame was presented.
  window.watchFrame = () => {
    window.changed = new Promise((resolve) => {
      const begun = performance.now()
      const shortest = 16
      // The browser keeps silent about what is quicker than that.
      setTimeout(() => resolve(shortest), 5000)
      const observer = new PerformanceObserver((list) => {
        const isKey = ({ name, startTime }) => name === 'keydown' && startTime >= begun
        const key = list.getEntries().find(isKey)
        if (key === undefined) return
        observer.disconnect()
        resolve(key.duration)
      })
      observer.observe({ type: 'event', durationThreshold: shortest })
    })
  }
}, DIFFERENT)
await page.goto(`${service.url}/projects/demo/label`)

const times = { read: [], presented: [] }
let shown = null
for (let number = 0; number < decisions; number++) {
  await page.waitForFunction((before) => ![null, before].includes(window.shownParticle()), shown)
  shown = await page.evaluate('window.shownParticle()')
  await page.waitForTimeout(PAUSE_MS)
  const isRead = Math.floor(number / TURN) % 2 === 0
  await page.evaluate(isRead ? 'window.watch()' : 'window.watchFrame()')
  await page.keyboard.press(number % 2 === 0 ? '1' : '2')
  const time = await page.evaluate('window.changed')
  if (number >= WARM_UP) times[isRead ? 'read' : 'presented'].push(time)
}
const [version, stored] = [browser.version(), service.decisions()]
await browser.close()
service.stop()

function summary(measured) {
  const sorted = measured.sort((a, b) => a - b)
  const quantile = (part) =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))].toFixed(1))
  return {
    decisions: sorted.length,
    median_ms: quantile(0.5),
    p95_ms: quantile(0.95),
    largest_ms: quantile(1),
  }
}

const result = {
  box,
  stored,
  pixels_read: summary(times.read),
  frame_presented: summary(times.presented),
  limits_ms: LIMITS,
  cores: cpus().length,
  browser: `Chromium ${version}, headless, software WebGL 2`,
}
console.log(JSON.stringify(result, null, 2))
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`)
const isQuick = ({ median_ms, p95_ms }) => median_ms <= LIMITS.median && p95_ms <= LIMITS.p95
process.exitCode = isQuick(result.pixels_read) && isQuick(result.frame_presented) ? 0 : 1
