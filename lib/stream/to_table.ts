import { Table } from '../data/table.js'

/** The columns of a value that has some: a {@link Table}; undefined for any other value. */
export function toTable(value: unknown): Table | undefined {
  // Arrow tables and record batches, and DuckDB's chunks, become Tables here.
  return value instanceof Table ? value : undefined
}
