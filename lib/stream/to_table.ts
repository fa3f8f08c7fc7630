import { isArrowTable, tableFromArrow } from '../data/arrow.js'
import { isDuckDBChunk, tableFromDuckDB } from '../data/duckdb.js'
import { Table } from '../data/table.js'

/** The columns of a block that has some; undefined for any other value. */
export function toTable(value: unknown): Table | undefined {
  if (value instanceof Table) return value
  if (isArrowTable(value)) return tableFromArrow(value)
  return isDuckDBChunk(value) ? tableFromDuckDB(value) : undefined
}
