import type { Table } from '../data/table.js'
import { Dataset } from '../dataset.js'
import { typeError } from '../errors.js'

/** What turns the columns of a stream into rows for a network. */
export interface Preparation {
  /** The rows of a Dataset, prepared with what has been learned. */
  transform(table: Table): Dataset
  /** Learns from more rows: means and deviations, categories. */
  partialFit?(table: Table): unknown
  /** Whether it has learned already; then a stream changes nothing in it. */
  readonly isFitted?: boolean
}

/** Checks that a value is a {@link Preparation}. */
export function checkPreparation(value: unknown): Preparation {
  const what = 'an object with `transform`, and with `partialFit` if it is to learn'
  if (typeof value !== 'object' || value === null) throw typeError('preparation', what, value)
  const transform: unknown = Reflect.get(value, 'transform')
  const partialFit: unknown = Reflect.get(value, 'partialFit')
  if (typeof transform !== 'function')
    throw typeError('preparation.transform', 'a function', transform)
  if (partialFit !== undefined && typeof partialFit !== 'function')
    throw typeError('preparation.partialFit', 'a function', partialFit)
  return value as Preparation // what `transform` returns is checked each time
}

/** The rows that a preparation makes of a table. */
export function prepare(preparation: Preparation, table: Table): Dataset {
  const rows: unknown = preparation.transform(table)
  if (!(rows instanceof Dataset)) throw typeError('preparation.transform(table)', 'a Dataset', rows)
  return rows
}
