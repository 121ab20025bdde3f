/**
 * Look at every page without a service: `npm run screens -- OUT [width…] [name…]` builds the interface, answers its requests from
 * src/testing/fixtures.ts in a headless Chromium, writes a PNG per page, size and theme to OUT, and runs axe on each.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { chromium } from 'playwright-core'
import { build, runnerImport } from 'vite'
import { pages } from './screenPages.mjs'

const ORIGIN = 'http://localhost:8765'
const SIZES = [
  [1440, 900],
  [1024, 768],
  [820, 1180],
]
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; " +
  "worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

const [out = '/tmp/tomosift-screens', ...chosen] = process.argv.slice(2)
const widths = chosen.filter((word) => /^\d+$/.test(word)).map(Number)
const names = chosen.filter((word) => !/^\d+$/.test(word))
const sizes = SIZES.filter(([width]) => widths.length === 0 || widths.includes(width))
await mkdir(out, { recursive: true })
const web = join(out, 'web')
await build({ logLevel: 'warn', build: { outDir: web, emptyOutDir: true } })
const { module: fixtures } = await runnerImport('./src/testing/fixtures.ts')

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
})
let faults = 0

async function serveFile(route, path) {
  const file = path.includes('.') ? path : '/index.html'
  try {
    const body = await readFile(join(web, file))
    await route.fulfill({
      body,
      contentType: TYPES[extname(file)],
      headers: { 'Content-Security-Policy': POLICY },
    })
  } catch {
    await route.fulfill({ status: 404, body: '' })
  }
}

/** Answer one request: API paths from the page's answers, the rest from the build. */
async function answer(route, answers) {
  const url = new URL(route.request().url())
  if (url.origin !== ORIGIN) {
    faults += 1
    console.error(`  left the host: ${url}`)
    return route.abort()
  }
  if (answers.offline?.()) return route.abort('connectionrefused')
  if (url.pathname.endsWith('/events')) {
    return route.fulfill({
      contentType: 'text/event-stream',
      body: 'retry: 60000\nevent: hello\ndata: {}\n\n',
    })
  }
  const key = `${route.request().method()} ${url.pathname.replace('/api/v1', '')}`
  if (url.pathname.startsWith('/api/')) {
    const found = answers[key]
    if (found === undefined) {
      faults += 1
      console.error(`  no answer for ${key}`)
      return route.fulfill({ status: 404, json: { type: 'x', title: 'Not found', status: 404, detail: key } })
    }
    if (found.body !== undefined) return route.fulfill({ headers: found.headers, body: found.body })
    const { status = 200, json } = found.json === undefined ? { json: found } : found
    return route.fulfill({ status, json })
  }
  return serveFile(route, url.pathname)
}

for (const spec of pages(fixtures).filter(({ name }) => names.length === 0 || names.includes(name))) {
  for (const [width, height] of sizes) {
    for (const colorScheme of ['light', 'dark']) {
      spec.start?.()
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      const title = `${spec.name}-${width}-${colorScheme}`
      page.on('pageerror', (error) => {
        faults += 1
        console.error(`  ${title}: ${error.message}`)
      })
      page.on('console', (message) => {
        if (!/Content Security Policy/.test(message.text())) return
        faults += 1
        console.error(`  ${title}: ${message.text()}`)
      })
      await page.route('**/*', (route) => answer(route, spec.answers))
      await page.goto(ORIGIN + spec.path)
      await spec.act?.(page)
      await page.waitForTimeout(900)
      await page.screenshot({ path: join(out, `${title}.png`), fullPage: spec.fullPage ?? false })
      const { violations } = await new AxeBuilder({ page }).analyze()
      for (const violation of violations) {
        faults += 1
        console.error(
          `  ${title}: ${violation.id}: ${violation.help}\n    ${violation.nodes.map((n) => n.html).join('\n    ')}`,
        )
      }
      await context.close()
    }
  }
  console.log(spec.name)
}
await browser.close()
console.log(faults === 0 ? 'No fault found.' : `${faults} faults.`)
process.exitCode = faults === 0 ? 0 : 1
