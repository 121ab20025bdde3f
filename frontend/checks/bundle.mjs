/**
 * Holds the built interface to its limits: `npm run build && npm run check-bundle`. Sizes are gzipped script: what the
 * first page loads before it can be used, and the viewer's own chunk. Nothing may come from another host or be inline.
 */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const WEB = fileURLToPath(new URL('../../backend/tomosift/web/', import.meta.url))
const KILOBYTE = 1000
const LIMITS = [
  { name: 'first page', key: 'index.html', limit: 130 },
  { name: 'viewer chunk', key: 'src/viewer/ViewerStage.tsx', limit: 230, alone: true },
]

const faults = []
const read = (file) => readFile(join(WEB, file), 'utf8')
const manifest = JSON.parse(
  await read('manifest.json').catch(() => {
    console.error('The interface is not built. Run `npm run build` first.')
    process.exit(1)
  }),
)

/** Every script that `key` cannot start without. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const imported of manifest[key].imports ?? []) closure(imported, seen)
  return seen
}

async function gzipped(keys) {
  const sizes = await Promise.all(
    [...keys].map(async (key) => gzipSync(await read(manifest[key].file), { level: 9 }).length),
  )
  return sizes.reduce((sum, size) => sum + size, 0) / KILOBYTE
}

for (const { name, key, limit, alone } of LIMITS) {
  if (manifest[key] === undefined) {
    faults.push(`${key} is not in the build, so the ${name} cannot be measured.`)
    continue
  }
  const size = await gzipped(alone ? [key] : closure(key))
  console.log(`${name}: ${size.toFixed(1)} kB gz of script (at most ${limit})`)
  if (size > limit) faults.push(`The ${name} has ${size.toFixed(1)} kB gz of script, more than ${limit}.`)
}

for (const [key, entry] of Object.entries(manifest)) {
  if (!entry.isDynamicEntry || entry.file === undefined) continue
  const more = [...closure(key)].filter((part) => !closure('index.html').has(part))
  console.log(`  ${key}: ${(await gzipped(more)).toFixed(1)} kB gz more`)
}

if (closure('index.html').has('src/viewer/ViewerStage.tsx')) faults.push('The first page loads the viewer.')

const html = await read('index.html')
for (const [, attributes, body] of html.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
  if (body.trim() !== '') faults.push('index.html has an inline script, which the content policy forbids.')
  if (/src="(https?:)?\/\//.test(attributes))
    faults.push(`index.html loads a script from elsewhere: ${attributes}`)
}
if (/<style|\sstyle="|\son\w+="/.test(html)) faults.push('index.html has an inline style or handler.')

for (const file of [
  'index.html',
  ...(await readdir(join(WEB, 'assets'))).map((name) => join('assets', name)),
]) {
  if (!/\.(html|css)$/.test(file)) continue
  const outside = (await read(file)).match(/(?:url\(|href=|src=|@import)\s*["']?(?:https?:)?\/\/[^"')\s]+/g)
  if (outside !== null) faults.push(`${file} reaches out to another host: ${outside.join(', ')}`)
}

for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1
