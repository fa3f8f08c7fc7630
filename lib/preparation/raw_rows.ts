import type { ColumnLike } from '../data/column.js'
import { Table } from '../data/table.js'
import type { TableLike } from '../data/table_like.js'
import { tableOf } from '../data/table_like.js'
import { typeError, unknownName } from '../errors.js'
import type { MatrixLike } from '../matrix.js'
import { isTypedArray } from '../matrix.js'
import { toTable } from './column_transformer.js'

/** A row by column. */
export type Row = Readonly<Record<string, unknown>>

/**
 * Rows before their preparation: a {@link TableLike}; an object by column, or an array of them; or
 * rows without names, for a pipeline that learned from such rows.
 */
export type RawRows = TableLike | Row | readonly Row[] | MatrixLike

/**
 * Rows as a Table.
 *
 * @param inputs - the columns that there have to be; undefined if any will do
 * @param others - columns that are read if they are there
 * @throws TypeError or RangeError if they are no rows, or a column is not there
 */
export function readRows(
  x: unknown,
  inputs: readonly string[] | undefined,
  others: readonly string[],
): Table {
  const table = tableOf(x)
  if (table !== undefined) return table
  if (isMatrix(x)) {
    if (inputs?.some((name, j) => name !== `x${j}`) === true)
      throw typeError('x', `rows with the columns ${inputs.join(', ')}`, x)
    return toTable('x', x, inputs)
  }
  const rows: readonly unknown[] = Array.isArray(x) ? x : [x]
  if (rows.length === 0 || !rows.every(isObject))
    throw typeError('x', 'a Table, an object, or an array of at least one object', x)
  if (inputs === undefined) return Table.fromRows(rows)
  const there = (name: string) => rows.some((row) => Object.hasOwn(row, name))
  for (const name of inputs)
    if (!there(name)) throw unknownName('column', name, Object.keys(rows[0] ?? {}))
  const columns = [...inputs, ...others.filter(there)].map((name) => {
    const values = rows.map((row) => (Object.hasOwn(row, name) ? row[name] : null))
    return [name, values as ColumnLike] as const // the Table checks them
  })
  return new Table(new Map(columns))
}

function isMatrix(x: unknown): boolean {
  if (isTypedArray(x)) return true
  if (Array.isArray(x)) return x.some((row) => Array.isArray(row) || isTypedArray(row))
  return isObject(x) && isTypedArray(x.data) && ('shape' in x || 'dims' in x)
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
