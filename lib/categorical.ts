import { types } from 'node:util'
import { atRow, rangeError, typeError } from './errors.js'
import type { IntegerArray, Labels, Matrix } from './matrix.js'
import { isTypedArray } from './matrix.js'

/** {@link Labels} after {@link toLabels}: every index is in `0 .. classes - 1`. */
export interface CheckedLabels {
  readonly indices: IntegerArray
  readonly classes: number
}

/**
 * Checks class indices. Integer arrays are returned as they are, never copied; an array of
 * numbers becomes an `Int32Array`.
 *
 * @param name - the argument, as the caller wrote it, for messages
 * @param classes - number of classes; default: the largest index plus one
 * @throws TypeError if they are not numbers
 * @throws RangeError naming the entry that is not a class index
 */
export function toLabels(name: string, labels: unknown, classes?: number): CheckedLabels {
  if (classes !== undefined && !(Number.isSafeInteger(classes) && classes > 0))
    throw rangeError('classes', 'a positive integer', classes)
  const indices = Array.isArray(labels) ? fromNumbers(name, labels) : fromIntegers(name, labels)
  let largest = -1
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] ?? -1
    if (index < 0 || (classes !== undefined && index >= classes))
      throw atRow(rangeError(`${name}[${i}]`, whatIndex(classes), index), i)
    if (index > largest) largest = index
  }
  if (classes === undefined && largest < 0)
    throw new RangeError(
      `\`${name}\` is empty, so the number of classes is unknown; set \`classes\``,
    )
  return { indices, classes: classes ?? largest + 1 }
}

function fromIntegers(name: string, labels: unknown): IntegerArray {
  if (isTypedArray(labels) && !types.isFloat32Array(labels) && !types.isFloat64Array(labels))
    return labels
  throw typeError(name, 'class indices: an Int32Array, a Uint8Array or an array of numbers', labels)
}

function fromNumbers(name: string, labels: readonly unknown[]): Int32Array {
  const indices = new Int32Array(labels.length)
  for (let i = 0; i < indices.length; i++) {
    const index = labels[i]
    if (typeof index !== 'number')
      throw atRow(typeError(`${name}[${i}]`, 'a class index', index), i)
    indices[i] = index
    if (indices[i] !== index) throw atRow(rangeError(`${name}[${i}]`, whatIndex(), index), i)
  }
  return indices
}

function whatIndex(classes?: number): string {
  return classes === undefined
    ? 'a class index (0, 1, 2, ...)'
    : `a class index from 0 to ${classes - 1}`
}

/**
 * One-hot rows of class indices: row i is 0 but for a 1 in column `labels[i]`
 * (Keras's `to_categorical`).
 *
 * @param labels - class indices, from 0
 * @param classes - columns of the result; default: the largest label plus one
 * @returns shape `[labels.length, classes]`
 * @throws TypeError if the labels are not integers or numbers
 * @throws RangeError if a label is not in `0 .. classes - 1`
 *
 * @example
 * toCategorical([0, 2]).data // Float32Array [1, 0, 0,  0, 0, 1]
 */
export function toCategorical(labels: Labels, classes?: number): Matrix<Float32Array> {
  const checked = toLabels('labels', labels, classes)
  const rows = checked.indices.length
  const data = new Float32Array(rows * checked.classes)
  checked.indices.forEach((label, row) => {
    data[row * checked.classes + label] = 1
  })
  return { data, shape: [rows, checked.classes] }
}
