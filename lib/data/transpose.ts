import type { CheckedMatrix, DType, FloatArray, Matrix, TypedArray } from '../matrix.js'
import { arrayLike } from '../matrix.js'

// Between rows and columns, a block of rows at a time: one that stays in the cache while each
// column passes over it.

const blockRows = 1024

/** The columns of a row-major matrix, each in an array of the matrix's type. */
export function columnsOf({ data, rows, columns: width }: CheckedMatrix): TypedArray[] {
  if (width === 1) return [data]
  const columns = Array.from({ length: width }, () => arrayLike(data, rows))
  for (let begin = 0; begin < rows; begin += blockRows) {
    const end = Math.min(begin + blockRows, rows)
    columns.forEach((column, j) => {
      read(data, column, width, j, begin, end)
    })
  }
  return columns
}

/** Columns as a row-major matrix. */
export function toRows(
  columns: readonly TypedArray[],
  rows: number,
  dtype: DType,
): Matrix<FloatArray> {
  const width = columns.length
  const size = rows * width
  const data = dtype === 'float64' ? new Float64Array(size) : new Float32Array(size)
  for (let begin = 0; begin < rows; begin += blockRows) {
    const end = Math.min(begin + blockRows, rows)
    columns.forEach((column, j) => {
      write(column, data, width, j, begin, end)
    })
  }
  return { data, shape: [rows, width] }
}

function read(
  data: TypedArray,
  column: TypedArray,
  width: number,
  j: number,
  begin: number,
  end: number,
): void {
  for (let row = begin; row < end; row++) column[row] = data[row * width + j] ?? NaN
}

function write(
  column: TypedArray,
  data: FloatArray,
  width: number,
  j: number,
  begin: number,
  end: number,
): void {
  for (let row = begin; row < end; row++) data[row * width + j] = column[row] ?? NaN
}
