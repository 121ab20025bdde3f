import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { packTar, packedSize } from './tar'

/** What the system's tar reads out of an archive: path and text of each file. */
async function unpacked(archive: Blob): Promise<[string, string][]> {
  const input = Buffer.from(await archive.arrayBuffer())
  const names = execFileSync('tar', ['-t', '--quoting-style=literal', '-f', '-'], { input }).toString()
  return names
    .split('\n')
    .filter(Boolean)
    .map((name) => [name, execFileSync('tar', ['-xO', '-f', '-', name], { input }).toString()])
}

it('packs files that tar unpacks', async () => {
  const files = [
    { path: 'run/particles.star', file: new Blob(['data_']) },
    { path: 'run/empty.txt', file: new Blob([]) },
    { path: 'run/exact.bin', file: new Blob(['x'.repeat(512)]) },
  ]
  expect(await unpacked(packTar(files))).toEqual([
    ['run/particles.star', 'data_'],
    ['run/empty.txt', ''],
    ['run/exact.bin', 'x'.repeat(512)],
  ])
})

it('keeps long names and names in any script', async () => {
  const long = `${'folder/'.repeat(40)}particles.star`
  const files = [
    { path: long, file: new Blob(['long']) },
    { path: 'größe/Ωμ.mrc', file: new Blob(['greek']) },
  ]
  expect(await unpacked(packTar(files))).toEqual([
    [long, 'long'],
    ['größe/Ωμ.mrc', 'greek'],
  ])
})

it('says beforehand at least how large an archive gets', () => {
  for (const path of ['a.mrc', 'µ'.repeat(90), 'x'.repeat(300), 'x'.repeat(101)]) {
    const file = new Blob(['y'.repeat(700)])
    expect(packedSize(path, file.size) + 1024).toBeGreaterThanOrEqual(packTar([{ path, file }]).size)
  }
})
