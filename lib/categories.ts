import { Dataset } from './dataset.js'
import { rangeError } from './errors.js'
import type { Layer } from './layer.js'
import type { CheckedMatrix } from './matrix.js'

// What an embedding takes must be categories. The core reads no memory beside its tables whatever
// they are; this is what tells the user which value is none.

/**
 * By Dataset, the number of categories that a column's values are known to be below: its rows never
 * change, so networks that are trained on it one after the other need not look at them again.
 */
const known = new WeakMap<Dataset, Map<number, number>>()

/**
 * Checks that the columns which a network embeds hold whole numbers from 0 to categories - 1.
 *
 * @param name - the rows, as the user knows them
 * @throws RangeError naming the first row, and the column, that do not
 */
export function checkCategories(
  name: string,
  [first]: readonly Layer[],
  x: Dataset | CheckedMatrix,
): void {
  if (first?.description.type !== 'embedding') return
  for (const { column, categories } of first.description.columns) {
    const found = x instanceof Dataset ? find(x, column, categories) : seek(x, column, categories)
    if (found === null) continue
    const place = `in row ${found.row}, column ${column}`
    throw rangeError(name, `a category from 0 to ${categories - 1} ${place}`, found.value)
  }
}

interface Found {
  readonly row: number
  readonly value: number
}

function find(data: Dataset, column: number, categories: number): Found | null {
  const own = known.get(data) ?? new Map<number, number>()
  if ((own.get(column) ?? Infinity) <= categories) return null
  const found = data.native.firstOtherThanCategory(column, categories)
  if (found === null) known.set(data, own.set(column, categories))
  return found
}

function seek({ data, rows, columns }: CheckedMatrix, column: number, categories: number) {
  for (let row = 0, place = column; row < rows; row++, place += columns) {
    const value = data[place] ?? NaN
    if (!(Number.isInteger(value) && value >= 0 && value < categories)) return { row, value }
  }
  return null
}
