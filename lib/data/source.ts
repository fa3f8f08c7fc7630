import { Buffer, isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { promisify, types } from 'node:util'
import { createGunzip, gunzip } from 'node:zlib'
import { badFile, badLine, GemmnetError, typeError } from '../errors.js'
import type { FilePath } from '../formats/file.js'
import { toPath } from '../formats/file.js'
import type { CallSite } from '../job.js'
import { inferredRows } from './column_types.js'

/**
 * Where readers take bytes from: a path or a `file:` URL; the bytes themselves; a stream (of Node
 * or of the web) or any other iterable of bytes or texts. What gzip has compressed is unfolded.
 */
export type ByteSource =
  FilePath | Uint8Array | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>

const chunkSize = 2 ** 18 // bytes that are read at once
const whatSource = 'a path, a file: URL, bytes, a stream, or an iterable of bytes or texts'

/** A {@link ByteSource} that was checked, and can be read in pieces of bounded size. */
export class Source {
  /** The file, if it is one. */
  readonly path: string | undefined
  readonly #given: Uint8Array | AsyncIterable<unknown> | Iterable<unknown> | undefined
  #wasRead = false

  /** @throws TypeError if it is none */
  constructor(given: unknown) {
    if (typeof given === 'string' || given instanceof URL) {
      this.path = toPath('source', given)
      return
    }
    const isIterable =
      typeof given === 'object' &&
      given !== null &&
      (Symbol.asyncIterator in given || Symbol.iterator in given)
    if (!isIterable || (types.isTypedArray(given) && !types.isUint8Array(given)))
      throw typeError('source', whatSource, given)
    this.#given = given as Iterable<unknown> // or asynchronous
  }

  /**
   * The bytes, unfolded if need be; closes the source when it is left.
   *
   * @throws TypeError if a stream is read for the second time, or gives neither bytes nor texts
   * @throws GemmnetError `ERR_BAD_FILE` for damaged compression; whatever the source throws
   */
  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    const reader = this.#read()
    const begin: Buffer[] = []
    let length = 0
    while (length < 2) {
      const next = await reader.next()
      if (next.done) break
      begin.push(next.value)
      length += next.value.length
    }
    const head = Buffer.concat(begin)
    const whole = async function* () {
      try {
        if (head.length > 0) yield head
        yield* reader
      } finally {
        await reader.return()
      }
    }
    if (isGzip(head)) yield* this.#unfold(whole())
    else yield* whole()
  }

  async *#read(): AsyncGenerator<Buffer, void, undefined> {
    const given = this.#given
    if (given === undefined)
      yield* createReadStream(this.path ?? '', {
        highWaterMark: chunkSize,
      }) as AsyncIterable<Buffer> // as no encoding is set
    else if (given instanceof Uint8Array)
      for (let from = 0; from < given.length; from += chunkSize)
        yield toBuffer(given.subarray(from, from + chunkSize))
    else {
      if (this.#wasRead && isReadOnce(given))
        throw new TypeError(
          'The source was read before, and a stream can be read once only; a path or bytes can be read again',
        )
      this.#wasRead = true
      for await (const chunk of given) yield toBuffer(chunk)
    }
  }

  async *#unfold(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    const gunzip = createGunzip({ chunkSize })
    // Destroys each when the other ends early; what fails comes out of the loop.
    pipeline(Readable.from(packed), gunzip, () => undefined)
    try {
      yield* gunzip as AsyncIterable<Buffer> // as no encoding is set
    } catch (error) {
      if (!isZlibError(error)) throw error
      throw badFile('not a valid gzip file', this.path, error)
    }
  }
}

/**
 * All bytes of a file, unfolded if gzip has compressed them.
 *
 * @param maximumBytes - most bytes that they may unfold to
 * @throws TypeError if `source` is neither a path, a `file:` URL nor bytes
 * @throws GemmnetError `ERR_BAD_FILE` for damaged compression; the system's error if the file
 * cannot be read
 */
export async function readBytes(
  source: FilePath | Uint8Array,
  maximumBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly path?: string }> {
  if (source instanceof Uint8Array) return { bytes: await unfold(source, maximumBytes) }
  const path = toPath('source', source)
  return { bytes: await unfold(await readFile(path), maximumBytes, path), path }
}

const unzip = promisify(gunzip)

async function unfold(bytes: Uint8Array, maximumBytes: number, path?: string): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes
  try {
    return await unzip(bytes, { maxOutputLength: maximumBytes })
  } catch (error) {
    const tooLarge = error instanceof RangeError
    throw badFile(
      tooLarge ? `unfolds to more than ${maximumBytes} bytes` : 'not a valid gzip file',
      path,
      error,
    )
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

function isZlibError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('Z_')
  )
}

/** False for arrays, and for objects that begin anew with each iterator. */
function isReadOnce(given: AsyncIterable<unknown> | Iterable<unknown>): boolean {
  if ('pipe' in given || 'getReader' in given) return true // streams of Node, of the web
  return 'next' in given
}

function toBuffer(chunk: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (chunk instanceof Uint8Array)
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw typeError('source', 'an iterable of bytes or texts', chunk)
}

/**
 * The same values; errors that are not of the caller's making, of files and what they hold, get the
 * caller's stack.
 */
export async function* claimErrors<T>(
  site: CallSite,
  values: AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* values
  } catch (error) {
    const isOurs = error instanceof GemmnetError || (error instanceof Error && 'syscall' in error)
    throw isOurs ? site.claim(error) : error
  }
}

const newline = 0x0a
const longestLine = 2 ** 24 // bytes

/** Whole lines of text, as bytes. */
export interface Lines {
  /** The last byte is a line end. */
  readonly bytes: Buffer
  /** Line of the file that the first byte is on, counted from 1. */
  readonly firstLine: number
}

/**
 * Cuts a source into pieces of whole lines; a byte order mark is left out, and a line end added
 * after the last line if there is none.
 *
 * @param lastEnd - where in bytes that begin with a line the last piece ends that may stand alone;
 * 0: nowhere. Default: after the last line end
 * @throws GemmnetError `ERR_BAD_FILE` for a piece longer than 16 MiB; whatever the source throws
 */
export async function* readLines(
  source: Source,
  lastEnd: (bytes: Buffer) => number = (bytes) => bytes.lastIndexOf(newline) + 1,
): AsyncGenerator<Lines, void, undefined> {
  let firstLine = 1
  let isFirst = true
  const rest: Buffer[] = []
  let restLength = 0
  let enough = 0 // bytes; before there are, what stood nowhere alone is not looked at again
  const piece = (bytes: Buffer): Lines => {
    const from = isFirst && bytes.indexOf('\ufeff') === 0 ? 3 : 0
    const lines = { bytes: bytes.subarray(from), firstLine }
    isFirst = false
    firstLine += countLines(bytes)
    return lines
  }
  for await (const chunk of source.chunks()) {
    rest.push(chunk)
    restLength += chunk.length
    if (restLength >= enough && (enough > 0 || chunk.includes(newline))) {
      const bytes = rest.length === 1 ? chunk : Buffer.concat(rest, restLength)
      const end = lastEnd(bytes)
      if (end > 0) yield piece(bytes.subarray(0, end))
      rest.splice(0, rest.length, bytes.subarray(end))
      restLength = bytes.length - end
      enough = end > 0 ? 0 : Math.min(2 * restLength, longestLine) // not quadratic in small chunks
    }
    if (restLength > longestLine)
      throw badFile(`line ${firstLine} does not end within ${longestLine} bytes`, source.path)
  }
  if (restLength === 0) return
  const last = Buffer.concat(rest, restLength)
  yield piece(last.at(-1) === newline ? last : Buffer.concat([last, Buffer.of(newline)]))
}

/** How many line ends there are. */
export function countLines(bytes: Buffer): number {
  let count = 0
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, end + 1)) count++
  return count
}

/**
 * The lines as text.
 *
 * @param hint - what the user can do if it is not UTF-8
 * @throws GemmnetError `ERR_BAD_FILE` with the line that is not
 */
export function decodeLines({ bytes, firstLine }: Lines, path?: string, hint = ''): string {
  if (isUtf8(bytes)) return bytes.toString()
  let start = 0
  let line = firstLine
  for (let end = 0; isUtf8(bytes.subarray(start, end)); line++) {
    start = end
    end = bytes.indexOf(newline, end) + 1
  }
  throw badLine(`not UTF-8${hint}`, line - 1, undefined, path)
}

const head = { lines: inferredRows + 1, bytes: 2 ** 22 } // one for a header

/** The first pieces: 1001 lines or 4 MiB, whichever comes first, or all there are. */
export async function readHead(pieces: AsyncIterator<Lines, void, undefined>): Promise<Lines[]> {
  const read: Lines[] = []
  let lines = 0
  let bytes = 0
  while (lines < head.lines && bytes < head.bytes) {
    const next = await pieces.next()
    if (next.done) break
    read.push(next.value)
    lines += countLines(next.value.bytes)
    bytes += next.value.bytes.length
  }
  return read
}
