/**
 * Packs small files into one tar, so that many travel in one request. The archive is a Blob made of the files
 * themselves: nothing is read before the browser sends it.
 *
 * POSIX pax format (IEEE Std 1003.1, "pax Interchange Format"): a ustar header of 512 bytes before each file, with an
 * extended header before it where the path is long or not plain ASCII.
 */

const BLOCK = 512
const LONGEST_PLAIN_NAME = 100

export interface PackedFile {
  readonly path: string
  readonly file: Blob
}

/** The archive of `files`, in their order. */
export function packTar(files: readonly PackedFile[]): Blob {
  const parts: BlobPart[] = []
  for (const { path, file } of files) {
    if (needsExtendedHeader(path)) {
      const record = paxRecord('path', path)
      parts.push(header('pax', record.length, 'x'), record, padding(record.length))
    }
    parts.push(header(path, file.size, '0'), file, padding(file.size))
  }
  parts.push(new Uint8Array(2 * BLOCK)) // two empty blocks end an archive
  return new Blob(parts, { type: 'application/x-tar' })
}

/** The bytes a file of this size takes in an archive, its headers at their largest. */
export function packedSize(path: string, size: number): number {
  const extended = needsExtendedHeader(path) ? 2 * BLOCK + Math.ceil(path.length / 128) * BLOCK : 0
  return extended + BLOCK + size + padding(size).length
}

function needsExtendedHeader(path: string): boolean {
  return path.length > LONGEST_PLAIN_NAME || !/^[\x20-\x7e]*$/.test(path)
}

function header(path: string, size: number, kind: '0' | 'x'): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK)
  const write = (at: number, text: string): void =>
    void new TextEncoder().encodeInto(text, block.subarray(at))
  // The name in full stands in the extended header; this one serves readers that do not know it.
  write(0, path.replace(/[^\x20-\x7e]/g, '_').slice(0, LONGEST_PLAIN_NAME))
  write(100, '0000644\0')
  write(108, '0000000\0')
  write(116, '0000000\0')
  write(124, `${size.toString(8).padStart(11, '0')}\0`)
  write(136, '00000000000\0')
  write(148, '        ') // the checksum counts its own field as spaces
  write(156, kind)
  write(257, 'ustar\x0000')
  const checksum = block.reduce((sum, byte) => sum + byte, 0)
  write(148, `${checksum.toString(8).padStart(6, '0')}\0 `)
  return block
}

/** `"<length> key=value\n"`, where the length counts its own digits too. */
function paxRecord(key: string, value: string): Uint8Array<ArrayBuffer> {
  const rest = new TextEncoder().encode(` ${key}=${value}\n`)
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  const record = new Uint8Array(length)
  record.set(new TextEncoder().encode(String(length)))
  record.set(rest, String(length).length)
  return record
}

function padding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK)
}
