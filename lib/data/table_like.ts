import type { ArrowTable } from './arrow.js'
import { isArrowTable, tableFromArrow } from './arrow.js'
import type { DuckDBChunk } from './duckdb.js'
import { isDuckDBChunk, tableFromDuckDB } from './duckdb.js'
import { Table } from './table.js'

/**
 * Rows that stand in columns: a Table; one, or a RecordBatch, of Apache Arrow's; a chunk of DuckDB's,
 * whose columns are 'column1', 'column2' and so on.
 */
export type TableLike = Table | ArrowTable | DuckDBChunk

/** Whether a value is a {@link TableLike}. */
export function isTableLike(value: unknown): value is TableLike {
  return value instanceof Table || isArrowTable(value) || isDuckDBChunk(value)
}

/** The Table of a {@link TableLike}; undefined for any other value. */
export function tableOf(value: unknown): Table | undefined {
  if (value instanceof Table) return value
  if (isArrowTable(value)) return tableFromArrow(value)
  return isDuckDBChunk(value) ? tableFromDuckDB(value) : undefined
}
