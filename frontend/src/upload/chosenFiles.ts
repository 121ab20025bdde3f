/** Files a person chose in this browser, and which of them is the particle list. */

export interface ChosenFile {
  /** Where the file goes in the upload: as in its folder on this computer. */
  readonly path: string
  readonly file: File
}

/** What a file chooser or a dropped folder gave, by path; hidden files (`.DS_Store`) stay behind. */
export function chosenFiles(files: Iterable<File>): ChosenFile[] {
  return [...files]
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }))
    .filter(({ path }) => !path.split('/').some((part) => part.startsWith('.')))
    .sort((one, other) => (one.path < other.path ? -1 : 1))
}

const ARCHIVE = /\.(zip|tar|tar\.gz|tgz)$/i

/** The archive, where nothing but one was chosen. */
export function archiveIn(files: readonly ChosenFile[]): ChosenFile | null {
  const [only] = files
  return files.length === 1 && only !== undefined && ARCHIVE.test(only.path) ? only : null
}

/** Endings of particle lists, the surest first; what holds volumes as well (.em, .hdf) comes last. */
const LIST_ENDINGS = ['star', 'tbl', 'ndjson', 'lst', 'csv', 'tsv', 'parquet', 'json', 'em', 'hdf']

/** Which of the files may be the particle list, the likeliest first. */
export function possibleLists(files: readonly ChosenFile[]): string[] {
  return possibleListPaths(files.map(({ path }) => path))
}

/** The same of paths alone. */
export function possibleListPaths(paths: readonly string[]): string[] {
  const rank = (path: string): number => LIST_ENDINGS.indexOf(path.split('.').at(-1)?.toLowerCase() ?? '')
  const depth = (path: string): number => path.split('/').length
  return paths
    .filter((path) => rank(path) >= 0)
    .sort((one, other) => rank(one) - rank(other) || depth(one) - depth(other) || (one < other ? -1 : 1))
}

/** Names the same files after a reload: paths, sizes and times of change. */
export function fingerprint(files: readonly ChosenFile[]): string {
  const text = files.map(({ path, file }) => `${path}\0${file.size}\0${file.lastModified}`).join('\n')
  return [0x811c9dc5, 0x01000193].map((seed) => hash(text, seed)).join('')
}

/** FNV-1a of 32 bits over UTF-16 units: tells choices apart, guards nothing. */
function hash(text: string, seed: number): string {
  let value = seed
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return (value >>> 0).toString(16).padStart(8, '0')
}
