import { types } from 'node:util'
import { atRow, expected, show, typeError } from './errors.js'
import { oneOf } from './options/checks.js'

/** The precision a network computes in. */
export type DType = 'float32' | 'float64'

/** The typed array that holds values of a {@link DType}. */
export type FloatArray<D extends DType = DType> = D extends 'float64' ? Float64Array : Float32Array

/** Integer arrays that rows of features or labels may come in. */
export type IntegerArray =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array

/** Every array that rows may come in; the ones of 64-bit integers are not among them. */
export type TypedArray = Float32Array | Float64Array | IntegerArray

/** Rows of equal length, row-major: entry (i, j) is `data[i * shape[1] + j]`. */
export interface Matrix<A extends TypedArray = TypedArray> {
  readonly data: A
  /** Rows, columns. */
  readonly shape: readonly [rows: number, columns: number]
}

/**
 * What is accepted wherever rows are: a {@link Matrix} or anything with its `data` and `shape`
 * (or `dims`, as ONNX Runtime says), an array of rows, or a flat typed array, which is cut into
 * rows of the expected number of columns.
 */
export type MatrixLike =
  | { readonly data: TypedArray; readonly shape: readonly number[] }
  | { readonly data: TypedArray; readonly dims: readonly number[] }
  | readonly (readonly number[] | TypedArray)[]
  | TypedArray

/** Class indices, one per row, counted from 0. */
export type Labels = Int32Array | Uint8Array | readonly number[]

/** A {@link MatrixLike} after {@link toMatrix}: `data.length` is `rows * columns`. */
export interface CheckedMatrix {
  readonly data: TypedArray
  readonly rows: number
  readonly columns: number
}

/** Checks the name of a precision. */
export const checkDType = oneOf(['float32', 'float64'])

/** Whether a value is one of the arrays that rows may come in, from whichever realm. */
export function isTypedArray(value: unknown): value is TypedArray {
  return types.isTypedArray(value) && arrayTypes.has(value[Symbol.toStringTag])
}

/**
 * Checks an array of numbers. Typed arrays are returned as they are.
 *
 * @throws TypeError if it is no array, or naming the entry that is no number
 */
export function toNumbers(name: string, value: unknown): TypedArray {
  if (isTypedArray(value)) return value
  if (!Array.isArray(value)) throw typeError(name, 'an array of numbers', value)
  return Float64Array.from(value, (entry: unknown, i) => {
    if (typeof entry !== 'number') throw typeError(`${name}[${i}]`, 'a number', entry)
    return entry
  })
}

/** By the tag of their arrays; the `constructor` of a Buffer makes no Uint8Array. */
const arrayTypes: ReadonlyMap<string, new (length: number) => TypedArray> = new Map(
  [
    ...[Float32Array, Float64Array, Int8Array, Uint8Array],
    ...[Int16Array, Uint16Array, Int32Array, Uint32Array],
  ].map((type) => [type.name, type]),
)

/** Zeros, in an array of the same type. */
export function arrayLike<A extends TypedArray>(values: A, length: number): A {
  const type = arrayTypes.get(values[Symbol.toStringTag]) ?? Float64Array
  return new type(length) as A // of the same tag
}

/**
 * The values of at least one array after the other's, in an array of their type, or of float64 if
 * they are of several.
 */
export function joinArrays<A extends TypedArray>(arrays: readonly A[]): A {
  const length = arrays.reduce((sum, array) => sum + array.length, 0)
  const [first] = arrays
  if (first === undefined) throw new Error('No array')
  const tag = first[Symbol.toStringTag]
  const isOneType = arrays.every((array) => array[Symbol.toStringTag] === tag)
  const all: TypedArray = isOneType ? arrayLike(first, length) : new Float64Array(length)
  let end = 0
  for (const array of arrays) {
    all.set(array, end)
    end += array.length
  }
  return all as A // of one type, or A is all of them
}

const whatMatrix = 'a matrix: { data, shape: [rows, columns] }, an array of rows or a typed array'

/** The numbers in an array of a network's type. */
export function toFloats<D extends DType>(values: ArrayLike<number>, dtype: D): FloatArray<D> {
  const floats = dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values)
  return floats as FloatArray<D> // of that type
}

/**
 * Checks a value that should be rows and normalises it. Typed arrays are returned as they are,
 * never copied; arrays of rows become one `Float64Array`.
 *
 * @param name - the argument, as the caller wrote it, for messages
 * @param columns - columns it must have; needed to cut a flat typed array into rows
 * @param taker - who asks for that many columns, for messages
 * @throws TypeError if it is not rows of numbers
 * @throws RangeError if shape, length and `columns` do not agree
 */
export function toMatrix(
  name: string,
  value: unknown,
  columns?: number,
  taker = 'the network',
): CheckedMatrix {
  const matrix = read(name, value, columns, taker)
  if (matrix.columns === 0) throw new RangeError(`\`${name}\` has no columns`)
  if (columns !== undefined && matrix.columns !== columns)
    throw new RangeError(
      `\`${name}\` has ${count(matrix.columns, 'column')}, ${taker} takes ${columns}`,
    )
  return matrix
}

function read(name: string, value: unknown, columns: number | undefined, taker: string) {
  if (types.isTypedArray(value)) return fromFlat(name, value, columns, taker)
  if (Array.isArray(value)) return fromRows(name, value, columns)
  if (typeof value === 'object' && value !== null && 'data' in value) {
    if ('shape' in value) return fromShaped(name, value, value.data, value.shape)
    if ('dims' in value) return fromShaped(name, value, value.data, value.dims)
  }
  throw typeError(name, whatMatrix, value)
}

function fromFlat(
  name: string,
  value: unknown,
  columns: number | undefined,
  taker: string,
): CheckedMatrix {
  const data = checkData(name, value)
  if (columns === undefined)
    throw new RangeError(
      `${expected(name, 'a matrix', value)}; say its columns: { data, shape: [rows, columns] }`,
    )
  const rows = data.length / columns
  if (!Number.isInteger(rows))
    throw new RangeError(
      `\`${name}\` has ${count(data.length, 'value')}, ` +
        `not a multiple of the ${count(columns, 'column')} ${taker} takes`,
    )
  return { data, rows, columns }
}

function fromShaped(name: string, value: object, given: unknown, shape: unknown): CheckedMatrix {
  const data = checkData(`${name}.data`, given)
  if (!Array.isArray(shape) && !isTypedArray(shape))
    throw typeError(`${name}.shape`, '[rows, columns]', shape)
  const sizes: unknown[] = Array.from(shape)
  const [rows, columns] = sizes
  if (sizes.length !== 2 || !isSize(rows) || !isSize(columns))
    throw new RangeError(
      `Expected \`${name}.shape\` to be [rows, columns], got \`[${sizes.map(show).join(', ')}]\``,
    )
  if (data.length !== rows * columns)
    throw new RangeError(
      `\`${name}\` has ${count(data.length, 'value')}, ` +
        `its shape [${rows}, ${columns}] takes ${rows * columns}`,
    )
  if (!isRowMajor(value, columns))
    throw new RangeError(
      `Expected \`${name}\` to be row-major without gaps, got strides or an offset; copy it first`,
    )
  return { data, rows, columns }
}

/** False for the transposed and sliced views of array libraries (`stride`, `strides`, `offset`). */
function isRowMajor(value: object, columns: number): boolean {
  if ('offset' in value && typeof value.offset === 'number' && value.offset !== 0) return false
  return ['stride', 'strides'].every((name) => {
    const strides: unknown = Reflect.get(value, name)
    return !Array.isArray(strides) || (strides[0] === columns && strides[1] === 1)
  })
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function fromRows(
  name: string,
  value: readonly unknown[],
  expectedColumns: number | undefined,
): CheckedMatrix {
  const rows = value.length
  const first = value[0]
  if (typeof first === 'number')
    throw new TypeError(
      `${expected(name, 'an array of rows', value)} of plain numbers; ` +
        'write [[...]] for one row, or use a typed array',
    )
  if (rows === 0 && expectedColumns === undefined)
    throw new RangeError(`\`${name}\` has no rows, so its columns are unknown`)
  const columns = rows === 0 ? (expectedColumns ?? 0) : checkRow(name, first, 0).length
  const data = new Float64Array(rows * columns)
  let next = 0
  for (let i = 0; i < rows; i++) {
    const row = checkRow(name, value[i], i)
    if (row.length !== columns)
      throw atRow(
        new RangeError(
          `\`${name}[${i}]\` has ${count(row.length, 'column')}, ` +
            `\`${name}[0]\` has ${columns}`,
        ),
        i,
      )
    for (let j = 0; j < columns; j++) {
      const entry = row[j]
      if (typeof entry !== 'number')
        throw atRow(typeError(`${name}[${i}][${j}]`, 'a number', entry), i)
      data[next++] = entry
    }
  }
  return { data, rows, columns }
}

function checkRow(name: string, row: unknown, index: number): ArrayLike<unknown> {
  const rowName = `${name}[${index}]`
  if (types.isTypedArray(row)) return checkData(rowName, row)
  if (!Array.isArray(row)) throw atRow(typeError(rowName, 'a row of numbers', row), index)
  const cells: readonly unknown[] = row
  return cells
}

/** Checks that an array is of a kind rows may come in, and that its memory is still there. */
function checkData(name: string, data: unknown): TypedArray {
  if (types.isBigInt64Array(data) || types.isBigUint64Array(data))
    throw new TypeError(
      `${expected(name, 'an array of numbers', data)}; ` +
        `convert it: Float64Array.from(${name}, Number)`,
    )
  if (!isTypedArray(data))
    throw typeError(name, 'a Float32Array, Float64Array or an integer array of up to 32 bits', data)
  if (isDetached(data.buffer))
    throw new TypeError(`Expected \`${name}\` to own its memory, got an array that was transferred`)
  return data
}

/** Node 20 has no `ArrayBuffer.prototype.detached`; a view cannot be made of a detached one. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer, 0, 0).length !== 0
  } catch {
    return true
  }
}

/** `1 column`, `3 columns`. */
function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
