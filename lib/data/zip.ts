import { crc32, inflateRawSync } from 'node:zlib'

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 }
const sizes = { local: 30, central: 46, end: 22 }
const longestComment = 0xffff

type Bad = (message: string, cause?: unknown) => Error

/**
 * The files in a zip file, each as it is asked for: stored or deflated, neither encrypted nor
 * zip64 (of at most 4 GiB). Format: PKWARE, APPNOTE.TXT 6.3.10.
 *
 * @param maximumBytes - most bytes that deflated files may unfold to, together
 * @param bad - makes the error for a damaged file
 */
export function* unzip(
  bytes: Uint8Array,
  maximumBytes: number,
  bad: Bad,
): Generator<[name: string, file: Uint8Array], void, undefined> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { entries, start } = findDirectory(file, bad)
  let at = start
  let left = maximumBytes
  let unread = file.length
  for (let i = 0; i < entries; i++) {
    if (at + sizes.central > file.length || file.readUInt32LE(at) !== signatures.central)
      throw bad('its directory is damaged')
    const nameLength = file.readUInt16LE(at + 28)
    const entry = {
      name: file.toString('utf8', at + 46, at + 46 + nameLength),
      flags: file.readUInt16LE(at + 8),
      method: file.readUInt16LE(at + 10),
      crc: file.readUInt32LE(at + 16),
      packed: file.readUInt32LE(at + 20),
      size: file.readUInt32LE(at + 24),
      offset: file.readUInt32LE(at + 42),
    }
    if (entry.method === 8) left -= entry.size
    unread -= entry.packed
    if (unread < 0) throw bad('its files lie over one another')
    if (left < 0) throw bad(`it unfolds to more than ${maximumBytes} bytes`)
    yield [entry.name, readEntry(file, entry, bad)]
    at += sizes.central + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32)
  }
}

function findDirectory(file: Buffer, bad: Bad): { entries: number; start: number } {
  const first = Math.max(0, file.length - sizes.end - longestComment)
  for (let at = file.length - sizes.end; at >= first; at--) {
    if (file.readUInt32LE(at) !== signatures.end) continue
    return { entries: file.readUInt16LE(at + 10), start: file.readUInt32LE(at + 16) }
  }
  throw bad('it has no zip directory')
}

interface Entry {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly offset: number
}

function readEntry(file: Buffer, entry: Entry, bad: Bad): Uint8Array {
  const { name, flags, method, crc, packed, size, offset } = entry
  if (flags & 1) throw bad(`${name} is encrypted`)
  if (method !== 0 && method !== 8) throw bad(`${name} is compressed by method ${method}`)
  if (offset + sizes.local > file.length || file.readUInt32LE(offset) !== signatures.local)
    throw bad(`${name} is not where the directory says`)
  const start =
    offset + sizes.local + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28)
  const data = file.subarray(start, start + packed)
  if (data.length !== packed) throw bad(`${name} is cut off`)
  const unpacked = method === 0 ? data : inflate(data, size, () => bad(`${name} is damaged`))
  if (unpacked.length !== size || crc32(unpacked) !== crc) throw bad(`${name} is damaged`)
  return unpacked
}

function inflate(data: Buffer, size: number, damaged: () => Error): Buffer {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) })
  } catch {
    throw damaged()
  }
}
