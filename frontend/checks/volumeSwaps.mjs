/**
 * Whether a long sitting keeps its memory: `npm run build && node checks/volumeSwaps.mjs [--swaps 1500] [--box 28]
 * [--json FILE]` decides so many items and counts the script's heap and what lies in the graphics' memory.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { BROWSER, BUILT, lookAtMiddle, startLabelService } from './labelService.mjs'

const EVERY = 100
/** Caches are full by then. */
const WARM_UP = 200
/** The list of the sitting's decisions grows by about 1 kB each. */
const MOST_HEAP_GROWTH_MB = 4
/** Those of the last swaps may wait to be collected. */
const MOST_TEXTURE_GROWTH = 12

const { values } = parseArgs({
  options: {
    swaps: { type: 'string', default: '1500' },
    box: { type: 'string', default: '28' },
    web: { type: 'string', default: BUILT },
    json: { type: 'string' },
  },
})
const [swaps, box] = [Number(values.swaps), Number(values.box)]

/**
 * Runs in the page before its scripts: keeps count of what is in the graphics' memory. A texture that no script knows any
 * more is freed by the browser with its object.
 */
function countGraphicsMemory() {
  const bytes = new Map()
  const numbers = new WeakMap()
  const bound = new Map()
  const freed = new FinalizationRegistry((number) => bytes.delete(number))
  let newest = 0
  const { prototype } = WebGL2RenderingContext
  window.graphicsMemory = () => ({
    textures: bytes.size,
    megabytes: [...bytes.values()].reduce((sum, size) => sum + size, 0) / 1e6,
  })
  const wrap = (name, note) => {
    const original = prototype[name]
    prototype[name] = function wrapped(...given) {
      const result = original.apply(this, given)
      note(given, result)
      return result
    }
  }
  wrap('createTexture', (_, texture) => {
    newest += 1
    numbers.set(texture, newest)
    bytes.set(newest, 0)
    freed.register(texture, newest)
  })
  wrap('deleteTexture', ([texture]) => bytes.delete(numbers.get(texture)))
  wrap('bindTexture', ([target, texture]) => bound.set(target, texture))
  const hold = (target, size) => {
    const number = numbers.get(bound.get(target))
    if (bytes.has(number)) bytes.set(number, size)
  }
  const flat = ([target, , , width, height]) => hold(target, 4 * (Number(width) || 0) * (Number(height) || 0))
  const solid = ([target, , , width, height, depth]) => hold(target, width * height * depth)
  wrap('texImage2D', flat)
  wrap('texStorage2D', flat)
  wrap('texImage3D', solid)
  wrap('texStorage3D', solid)
}

const service = await startLabelService({ web: values.web, edge: box, items: swaps + 10 })
const browser = await chromium.launch(BROWSER)
const page = await browser.newPage({ viewport: { width: 1024, height: 768 } })
page.on('pageerror', (error) => console.error(error.message))
await page.addInitScript(countGraphicsMemory)
await page.addInitScript(lookAtMiddle)
await page.goto(`${service.url}/projects/demo/label`)
const devtools = await page.context().newCDPSession(page)
await devtools.send('HeapProfiler.enable')

const points = []
for (let done = 0; done <= swaps; done += EVERY) {
  if (done > 0) {
    await page.evaluate(async (count) => {
      for (let number = 0; number < count; number++) {
        while ([null, window.decided].includes(window.shownParticle()))
          await new Promise((resolve) => requestAnimationFrame(resolve))
        window.decided = window.shownParticle()
        window.dispatchEvent(new KeyboardEvent('keydown', { key: '1', code: 'Digit1', cancelable: true }))
      }
    }, EVERY)
  }
  await page.waitForFunction('window.shownParticle() !== null')
  await page.waitForTimeout(500)
  await devtools.send('HeapProfiler.collectGarbage')
  await page.waitForTimeout(300)
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  const graphics = await page.evaluate('window.graphicsMemory()')
  points.push({ swaps: done, heap_mb: Number((usedSize / 1e6).toFixed(2)), ...graphics })
  console.error(JSON.stringify(points.at(-1)))
}
const stored = service.decisions()
await browser.close()
service.stop()

const first = points.find((point) => point.swaps >= Math.min(WARM_UP, swaps))
const last = points.at(-1)
const result = {
  box,
  swaps,
  stored,
  heap_growth_mb: Number((last.heap_mb - first.heap_mb).toFixed(2)),
  texture_growth: last.textures - first.textures,
  texture_growth_mb: Number((last.megabytes - first.megabytes).toFixed(3)),
  most_heap_growth_mb: MOST_HEAP_GROWTH_MB,
  most_texture_growth: MOST_TEXTURE_GROWTH,
  points,
}
console.log(JSON.stringify(result, null, 2))
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`)
const isFlat = result.heap_growth_mb <= MOST_HEAP_GROWTH_MB && result.texture_growth <= MOST_TEXTURE_GROWTH
process.exitCode = isFlat && stored >= swaps ? 0 : 1
