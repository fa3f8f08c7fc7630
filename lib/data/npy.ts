import { badFile } from '../errors.js'
import type { FilePath } from '../formats/file.js'
import type { TypedArray } from '../matrix.js'
import type { ReadNpyOptions } from '../options/index.js'
import { arrayFileOptions, complete } from '../options/index.js'
import { fromHalf } from './half.js'
import { readBytes } from './source.js'
import { unzip } from './zip.js'

/** What {@link readNpy} gives: an array of any number of dimensions, row-major. */
export interface NpyArray {
  readonly data: TypedArray
  readonly shape: number[]
}

/** How the values of a type lie in the file. */
interface Kind {
  readonly width: 1 | 2 | 4 | 8 // bytes
  /** From bytes in the machine's order. */
  readonly make: (buffer: ArrayBuffer, bad: (message: string) => Error) => TypedArray
}

/** By the letters of numpy's type, without its byte order. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['b1', { width: 1, make: (buffer) => new Uint8Array(buffer) }],
  ['u1', { width: 1, make: (buffer) => new Uint8Array(buffer) }],
  ['i1', { width: 1, make: (buffer) => new Int8Array(buffer) }],
  ['u2', { width: 2, make: (buffer) => new Uint16Array(buffer) }],
  ['i2', { width: 2, make: (buffer) => new Int16Array(buffer) }],
  ['u4', { width: 4, make: (buffer) => new Uint32Array(buffer) }],
  ['i4', { width: 4, make: (buffer) => new Int32Array(buffer) }],
  ['u8', { width: 8, make: (buffer, bad) => toExact(new BigUint64Array(buffer), bad) }],
  ['i8', { width: 8, make: (buffer, bad) => toExact(new BigInt64Array(buffer), bad) }],
  ['f2', { width: 2, make: (buffer) => fromHalf(new Uint16Array(buffer)) }],
  ['f4', { width: 4, make: (buffer) => new Float32Array(buffer) }],
  ['f8', { width: 8, make: (buffer) => new Float64Array(buffer) }],
])

const longestHeader = 2 ** 16 // bytes
const mostDimensions = 64 // numpy's own limit

const magic = Buffer.from('\x93NUMPY', 'latin1')
const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/**
 * Reads a file of numpy's `save`, whether or not it is compressed with gzip: format 1 to 3, either
 * byte order, rows or columns first.
 *
 * @param source - a path, a `file:` URL or the bytes of a file
 * @returns the values in an array of their own type, row-major, and the shape. float16 becomes
 * float32; booleans become bytes; integers of 64 bits become float64
 * @throws TypeError if `source` is neither, or for wrong options
 * @throws GemmnetError `ERR_BAD_FILE` if it is damaged or not npy, holds no numbers, or an integer
 * beyond 2^53, which float64 cannot tell from its neighbours; the system's error if it cannot be
 * read
 *
 * @example
 * const data = new Dataset(await readNpy('x.npy'), (await readNpy('y.npy')).data)
 */
export async function readNpy(
  source: FilePath | Uint8Array,
  options: ReadNpyOptions = {},
): Promise<NpyArray> {
  const { maximumBytes } = complete('readNpy', arrayFileOptions, options)
  const { bytes, path } = await readBytes(source, maximumBytes)
  return parseNpy(bytes, (message) => badFile(`not a valid npy file: ${message}`, path))
}

/**
 * Reads a file of numpy's `savez` or `savez_compressed`.
 *
 * @param source - a path, a `file:` URL or the bytes of a file
 * @returns the arrays by their names, in an object without a prototype; each as {@link readNpy} has it
 * @throws as {@link readNpy}, and `ERR_BAD_FILE` if it unfolds to more than `maximumBytes`
 *
 * @example
 * const { x, y } = await readNpz('train.npz')
 */
export async function readNpz(
  source: FilePath | Uint8Array,
  options: ReadNpyOptions = {},
): Promise<Record<string, NpyArray>> {
  const { maximumBytes } = complete('readNpz', arrayFileOptions, options)
  const { bytes, path } = await readBytes(source, maximumBytes)
  const bad = (message: string, cause?: unknown) =>
    badFile(`not a valid npz file: ${message}`, path, cause)
  const arrays = Object.create(null) as Record<string, NpyArray> // any name is safe in it
  for (const [name, file] of unzip(bytes, maximumBytes, bad))
    if (name.endsWith('.npy'))
      arrays[name.slice(0, -4)] = parseNpy(file, (message) => bad(`${name}: ${message}`))
  return arrays
}

function parseNpy(bytes: Uint8Array, bad: (message: string) => Error): NpyArray {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!file.subarray(0, magic.length).equals(magic)) throw bad('it does not start with \\x93NUMPY')
  const [major, minor] = [file[6], file[7]]
  if (major === undefined || minor === undefined || major < 1 || major > 3 || minor !== 0)
    throw bad(`version ${major ?? '?'}.${minor ?? '?'} is unknown`)
  const lengthBytes = major === 1 ? 2 : 4
  const headerStart = 8 + lengthBytes
  if (file.length < headerStart) throw bad('its header is cut off')
  const headerLength = file.readUIntLE(8, lengthBytes)
  if (headerLength > longestHeader) throw bad(`its header has ${headerLength} bytes`)
  const headerEnd = headerStart + headerLength
  if (file.length < headerEnd) throw bad('its header is cut off')
  const text = file.toString(major === 3 ? 'utf8' : 'latin1', headerStart, headerEnd)
  const { kind, swaps, shape, isColumnMajor } = parseHeader(text, bad)

  const size = shape.reduce((product, length) => product * length, 1)
  const values = file.subarray(headerEnd)
  if (values.length !== size * kind.width)
    throw bad(
      `shape [${shape.join(', ')}] takes ${size * kind.width} bytes, it has ${values.length}`,
    )
  const own = Buffer.from(new ArrayBuffer(values.length))
  values.copy(own)
  if (swaps) reverseBytes(own, kind.width)
  const data = kind.make(own.buffer, bad)
  return { data: isColumnMajor ? toRowMajor(data, shape) : data, shape }
}

/** The header is a Python dictionary: `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`. */
function parseHeader(text: string, bad: (message: string) => Error) {
  const descr = /'descr':\s*(?:'([^']*)'|\[)/.exec(text)
  const order = /'fortran_order':\s*(True|False)\b/.exec(text)
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(text)
  if (descr === null || order === null || sizes === null)
    throw bad('its header lacks descr, fortran_order or shape')
  if (descr[1] === undefined) throw bad('it holds records, not numbers')
  const [, byteOrder, letters] = /^([<>|=]?)([a-zA-Z]\d+)/.exec(descr[1]) ?? []
  const kind = kinds.get(letters ?? '')
  if (kind === undefined) throw bad(`type '${descr[1]}' is not one of numbers`)
  const shape = (sizes[1]?.match(/\d+/g) ?? []).map(Number)
  if (shape.length > mostDimensions) throw bad(`it has ${shape.length} dimensions`)
  if (!shape.every(Number.isSafeInteger)) throw bad(`shape (${sizes[1] ?? ''}) is too large`)
  const isOpposite = byteOrder === (hostIsLittleEndian ? '>' : '<')
  return { kind, swaps: isOpposite, shape, isColumnMajor: order[1] === 'True' }
}

function toExact(
  integers: BigInt64Array | BigUint64Array,
  bad: (message: string) => Error,
): Float64Array {
  return Float64Array.from(integers as ArrayLike<bigint>, (integer, i) => {
    const value = Number(integer)
    if (!Number.isSafeInteger(value)) throw bad(`value ${i}, ${integer}, is beyond 2^53`)
    return value
  })
}

/** Reverses every value's bytes in place. */
function reverseBytes(bytes: Buffer, width: Kind['width']): void {
  if (width === 2) bytes.swap16()
  if (width === 4) bytes.swap32()
  if (width === 8) bytes.swap64()
}

/** The same array with the last index varying fastest. */
function toRowMajor(data: TypedArray, shape: readonly number[]): TypedArray {
  const strides = shape.map((_, i) =>
    shape.slice(0, i).reduce((product, size) => product * size, 1),
  )
  const sorted = data.slice()
  const index = shape.map(() => 0)
  let from = 0
  for (let to = 0; to < data.length; to++) {
    sorted[to] = data[from] ?? NaN
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [stride = 0, size = 0, place = 0] = [strides[axis], shape[axis], index[axis]]
      from += stride
      index[axis] = place + 1
      if (place + 1 < size) break
      from -= stride * size
      index[axis] = 0
    }
  }
  return sorted
}
