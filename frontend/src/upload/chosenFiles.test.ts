import { expect, it } from 'vitest'
import { archiveIn, chosenFiles, fingerprint, possibleLists } from './chosenFiles'

function file(path: string, text = 'x', lastModified = 1): File {
  const made = new File([text], path.split('/').at(-1) ?? path, { lastModified })
  Object.defineProperty(made, 'webkitRelativePath', { value: path.includes('/') ? path : '' })
  return made
}

it('keeps the folders of a chosen folder and leaves hidden files', () => {
  const files = chosenFiles([file('run/sub/b.mrc'), file('run/a.star'), file('run/.DS_Store'), file('c.mrc')])
  expect(files.map(({ path }) => path)).toEqual(['c.mrc', 'run/a.star', 'run/sub/b.mrc'])
})

it('finds the lists, the likeliest first', () => {
  const files = chosenFiles([
    file('run/motl.em'),
    file('run/deep/old.star'),
    file('run/a.csv'),
    file('run/particles.star'),
    file('run/1.mrc'),
  ])
  expect(possibleLists(files)).toEqual([
    'run/particles.star',
    'run/deep/old.star',
    'run/a.csv',
    'run/motl.em',
  ])
})

it('takes one archive as an archive, beside other files as a file', () => {
  expect(archiveIn(chosenFiles([file('cubes.tar.gz')]))?.path).toBe('cubes.tar.gz')
  expect(archiveIn(chosenFiles([file('cubes.zip'), file('a.star')]))).toBeNull()
  expect(archiveIn(chosenFiles([file('a.star')]))).toBeNull()
})

it('knows the same files again, and others from them', () => {
  const first = fingerprint(chosenFiles([file('a.star'), file('b.mrc')]))
  expect(fingerprint(chosenFiles([file('b.mrc'), file('a.star')]))).toBe(first)
  expect(fingerprint(chosenFiles([file('a.star'), file('b.mrc', 'longer')]))).not.toBe(first)
  expect(fingerprint(chosenFiles([file('a.star'), file('b.mrc', 'x', 2)]))).not.toBe(first)
})
