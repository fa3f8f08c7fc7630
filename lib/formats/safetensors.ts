import { endianness } from 'node:os'
import { badFile, rangeError, show, typeError } from '../errors.js'
import { findDuplicateKey } from './json.js'

/** One array of a safetensors file, row-major; no shape entries mean a single number. */
export type Tensor =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'F64'; readonly shape: readonly number[]; readonly data: Float64Array }

/** What a safetensors file holds: named tensors, and texts about them. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly metadata: Readonly<Record<string, string>>
}

const widths = { F32: 4, F64: 8 } as const
const metadataKey = '__metadata__'
/** Bytes; the reference allows ten times as many, which a parser should not be fed with. */
const maximumHeader = 10_000_000
const hostIsBigEndian = endianness() === 'BE'

/**
 * Writes tensors in the safetensors format: header length (8 bytes), a JSON header padded with
 * spaces to a multiple of 8 bytes, then the values, little-endian, the widest type first, then
 * by name, as the reference implementation writes them.
 *
 * @throws TypeError if a tensor's data are not of its dtype
 * @throws RangeError if a shape does not fit its data, a tensor is named `__metadata__`, or the
 * header would be longer than what is read
 */
export function encodeSafetensors({ tensors, metadata }: TensorFile): Uint8Array {
  const sorted = [...tensors].sort(([a, { dtype: x }], [b, { dtype: y }]) =>
    widths[x] !== widths[y] ? widths[y] - widths[x] : a < b ? -1 : 1,
  )
  const fields = Object.keys(metadata).length > 0 ? [jsonField(metadataKey, metadata)] : []
  let end = 0
  for (const [name, tensor] of sorted) {
    checkTensor(name, tensor)
    const { dtype, shape, data } = tensor
    const begin = end
    end += data.byteLength
    fields.push(jsonField(name, { dtype, shape, data_offsets: [begin, end] }))
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`)
  const headerLength = Math.ceil(json.length / 8) * 8
  if (headerLength > maximumHeader)
    throw new RangeError(
      `Names and metadata take ${headerLength} bytes, of at most ${maximumHeader}`,
    )
  const bytes = new Uint8Array(8 + headerLength + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true)
  bytes.fill(0x20, 8, 8 + headerLength).set(json, 8)
  let next = 8 + headerLength
  for (const [, { dtype, data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), next)
    toOrFromLittleEndian(bytes.subarray(next, next + data.byteLength), widths[dtype])
    next += data.byteLength
  }
  return bytes
}

function jsonField(key: string, value: unknown): string {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`
}

function checkTensor(name: string, { dtype, shape, data }: Tensor): void {
  if (name === metadataKey) throw rangeError('tensor name', `other than ${metadataKey}`, name)
  const Kind = dtype === 'F32' ? Float32Array : Float64Array
  if (!(data instanceof Kind)) throw typeError(name, `a ${Kind.name}`, data)
  if (sizeOf(shape) !== data.length)
    throw new RangeError(
      `\`${name}\` has ${data.length} values, its shape is [${shape.join(', ')}]`,
    )
}

/**
 * Reads the safetensors format from bytes that nobody vouches for. The values are copied out, so
 * the bytes may be changed or freed afterwards.
 *
 * @param path - where the bytes come from, for messages
 * @throws GemmnetError `ERR_BAD_FILE` if they are damaged, not safetensors, or hold tensors of
 * another dtype than F32 and F64
 */
export function decodeSafetensors(bytes: Uint8Array, path?: string): TensorFile {
  const bad = (message: string, cause?: unknown) =>
    badFile(`not a valid safetensors file: ${message}`, path, cause)
  if (bytes.length < 8) throw bad(`${bytes.length} bytes are too few for a header`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const headerLength = Number(view.getBigUint64(0, true))
  if (headerLength > maximumHeader) throw bad('it does not begin with the length of a header')
  const dataStart = 8 + headerLength
  if (dataStart > bytes.length)
    throw bad(`header of ${headerLength} bytes in a file of ${bytes.length}`)

  const header = parseHeader(bytes.subarray(8, dataStart), bad)
  const metadata = readMetadata(header.get(metadataKey), bad)
  header.delete(metadataKey)
  const entries = [...header].map(([name, entry]) => readEntry(name, entry, bad))
  checkCoverage(entries, bytes.length - dataStart, bad)

  const tensors = new Map<string, Tensor>()
  for (const { name, dtype, shape, begin, end } of entries) {
    // Not `slice`: a Buffer's is no copy.
    const values = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end))
    toOrFromLittleEndian(values, widths[dtype])
    const tensor: Tensor =
      dtype === 'F32'
        ? { dtype, shape, data: new Float32Array(values.buffer) }
        : { dtype, shape, data: new Float64Array(values.buffer) }
    tensors.set(name, tensor)
  }
  return { tensors, metadata }
}

type Bad = (message: string, cause?: unknown) => Error

function parseHeader(bytes: Uint8Array, bad: Bad): Map<string, unknown> {
  if (bytes[0] !== 0x7b) throw bad('the header does not start with {')
  let text: string
  let header: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    header = JSON.parse(text)
  } catch (error) {
    throw bad('the header is not JSON', error)
  }
  const duplicate = findDuplicateKey(text, 2)
  if (duplicate !== undefined) throw bad(`the header has ${show(duplicate)} twice`)
  if (!isRecord(header)) throw bad('the header is not a JSON object')
  return new Map(Object.entries(header))
}

function readMetadata(value: unknown, bad: Bad): Record<string, string> {
  if (value === undefined) return {}
  if (!isRecord(value)) throw bad(`${metadataKey} is not an object`)
  const fields = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== 'string') throw bad(`${metadataKey} ${show(key)} is not a string`)
    return [key, text]
  })
  return Object.fromEntries(fields)
}

interface Entry {
  readonly name: string
  readonly dtype: Tensor['dtype']
  readonly shape: readonly number[]
  /** Bytes from the start of the data. */
  readonly begin: number
  readonly end: number
}

function readEntry(name: string, entry: unknown, bad: Bad): Entry {
  const badTensor = (message: string) => bad(`tensor ${show(name)} ${message}`)
  if (!isRecord(entry)) throw badTensor('is not an object')
  const { dtype, shape, data_offsets: offsets } = entry
  if (dtype !== 'F32' && dtype !== 'F64')
    throw badTensor(`has dtype ${show(dtype)}; gemmnet reads 'F32' and 'F64', convert it first`)
  if (!isSizes(shape)) throw badTensor('has no shape of integers from 0')
  const [begin, end, ...more] = isSizes(offsets) ? offsets : []
  if (begin === undefined || end === undefined || more.length > 0)
    throw badTensor('has no data_offsets [begin, end]')
  if (end - begin !== sizeOf(shape) * widths[dtype])
    throw badTensor(`of shape [${shape.join(', ')}] and dtype ${dtype} has ${end - begin} bytes`)
  return { name, dtype, shape, begin, end }
}

/** The tensors have to cover the data without a gap or an overlap. */
function checkCoverage(entries: readonly Entry[], dataLength: number, bad: Bad): void {
  let covered = 0
  for (const { name, begin, end } of [...entries].sort(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin < covered) throw bad(`tensor ${show(name)} overlaps another one`)
    if (begin > covered) throw bad(`unused bytes before tensor ${show(name)}`)
    if (end > dataLength) throw bad(`tensor ${show(name)} ends behind the end of the file`)
    covered = end
  }
  if (covered < dataLength) throw bad(`${dataLength - covered} unused bytes at the end`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}

/** Values in a tensor of a shape: 1 for `[]`. */
function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Reverses every value's bytes in place on big-endian machines; elsewhere nothing is to do. */
function toOrFromLittleEndian(bytes: Uint8Array, width: 4 | 8): void {
  if (!hostIsBigEndian) return
  const values = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (width === 4) values.swap32()
  else values.swap64()
}
