import { readFile } from 'node:fs/promises'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { expect, it } from 'vitest'

it('the typed schema is the one of openapi.json: run `npm run generate`', async () => {
  // Relative to the folder that vitest is run in, where package.json lies.
  const contract = JSON.parse(await readFile('openapi.json', 'utf8')) as OpenAPI3
  const ast = await openapiTS(contract, { defaultNonNullable: false })
  const committed = await readFile('src/api/schema.gen.ts', 'utf8')
  // The command line writes a comment on top.
  expect(committed.endsWith(astToString(ast))).toBe(true)
})
