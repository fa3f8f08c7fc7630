import { endianness } from 'node:os'
import { badFile } from '../errors.js'
import type { FilePath } from '../formats/file.js'
import type { ReadIdxOptions } from '../options/index.js'
import { arrayFileOptions, complete } from '../options/index.js'
import { readBytes } from './source.js'

/** The arrays an IDX file can hold. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

/** What {@link readIdx} gives: an array of any number of dimensions, row-major. */
export interface IdxArray {
  readonly data: IdxData
  readonly shape: number[]
}

interface Kind {
  readonly width: 1 | 2 | 4 | 8 // bytes
  readonly make: (buffer: ArrayBuffer) => IdxData
}

/** By the third byte of the file. */
const kinds: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [0x08, { width: 1, make: (buffer) => new Uint8Array(buffer) }],
  [0x09, { width: 1, make: (buffer) => new Int8Array(buffer) }],
  [0x0b, { width: 2, make: (buffer) => new Int16Array(buffer) }],
  [0x0c, { width: 4, make: (buffer) => new Int32Array(buffer) }],
  [0x0d, { width: 4, make: (buffer) => new Float32Array(buffer) }],
  [0x0e, { width: 8, make: (buffer) => new Float64Array(buffer) }],
])

const hostIsBigEndian = endianness() === 'BE'

/**
 * Reads an IDX file, the format of MNIST, whether or not it is compressed with gzip.
 *
 * @param source - a path, a `file:` URL or the bytes of a file
 * @returns the values in an array of their own type, and the shape: `[60000, 28, 28]`
 * @throws TypeError or RangeError if `source` is neither, or for wrong options
 * @throws GemmnetError `ERR_BAD_FILE` if it is damaged or not IDX; the system's error if it
 * cannot be read
 *
 * @example
 * const { data, shape } = await readIdx('train-images-idx3-ubyte.gz')
 */
export async function readIdx(
  source: FilePath | Uint8Array,
  options: ReadIdxOptions = {},
): Promise<IdxArray> {
  const { maximumBytes } = complete('readIdx', arrayFileOptions, options)
  const { bytes, path } = await readBytes(source, maximumBytes)
  return parse(bytes, path)
}

function parse(bytes: Uint8Array, path?: string): IdxArray {
  const bad = (message: string) => badFile(`not a valid IDX file: ${message}`, path)
  const [zero0, zero1, type, rank] = bytes
  if (zero0 !== 0 || zero1 !== 0 || type === undefined || rank === undefined)
    throw bad('it does not start with two zeros, a type and a rank')
  const kind = kinds.get(type)
  if (kind === undefined) throw bad(`type 0x${type.toString(16).padStart(2, '0')} is unknown`)
  if (rank === 0) throw bad('it has no dimensions')
  const dataStart = 4 + 4 * rank
  if (bytes.length < dataStart)
    throw bad(`${bytes.length} bytes are too few for ${rank} dimensions`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const shape = Array.from({ length: rank }, (_, index) => view.getUint32(4 + 4 * index))
  const dataLength = shape.reduce((product, size) => product * size, kind.width)
  if (bytes.length - dataStart !== dataLength)
    throw bad(
      `shape [${shape.join(', ')}] takes ${dataLength} bytes, ` +
        `it has ${bytes.length - dataStart}`,
    )
  const values = new Uint8Array(dataLength)
  values.set(bytes.subarray(dataStart))
  fromBigEndian(values, kind.width)
  return { data: kind.make(values.buffer), shape }
}

/** Reverses every value's bytes in place; on big-endian machines nothing is to do. */
function fromBigEndian(bytes: Uint8Array, width: Kind['width']): void {
  if (hostIsBigEndian) return
  const values = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (width === 2) values.swap16()
  if (width === 4) values.swap32()
  if (width === 8) values.swap64()
}
