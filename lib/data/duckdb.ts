import { show, typeError } from '../errors.js'
import type { Column } from './column.js'
import type { Table } from './table.js'
import { concatenateColumns, toCategoryColumn } from './column.js'
import type { Validity, Values } from './vectors.js'
import { isValid, toDateColumn, toDecimalColumn, toNumberColumn, toTable } from './vectors.js'

// What is read of @duckdb/node-api's objects. The package itself is not imported.

/** A DuckDBDataChunk of @duckdb/node-api: some rows, column by column, without their names. */
export interface DuckDBChunk {
  readonly columnCount: number
  readonly rowCount: number
  /** A column, by its place. */
  getColumnVector(column: number): unknown
}

/** A DuckDBResult of @duckdb/node-api. */
export interface DuckDBResult {
  /** The names of the columns, from left to right. */
  columnNames(): string[]
  /** The next rows; null when there are no more. */
  fetchChunk(): Promise<DuckDBChunk | null>
}

/** A DuckDBResult that holds all rows, as `connection.run` gives it. */
export interface MaterializedDuckDBResult extends DuckDBResult {
  readonly chunkCount: number
  /** Rows, by the place of their chunk. */
  getChunk(index: number): DuckDBChunk
}

/** A DuckDBResultReader of @duckdb/node-api, as `connection.runAndReadAll` gives it. */
export interface DuckDBReader {
  /** The names of the columns, from left to right. */
  columnNames(): string[]
  readonly currentRowCount: number
}

interface Vector {
  readonly type: { readonly typeId: number; toString(): string }
  readonly itemCount: number
  getItem(row: number): unknown
}

/** `DuckDBTypeId` of @duckdb/node-api; ids of DuckDB's C interface, so they do not change. */
const type = {
  boolean: 1,
  tinyint: 2,
  smallint: 3,
  integer: 4,
  bigint: 5,
  utinyint: 6,
  usmallint: 7,
  uinteger: 8,
  ubigint: 9,
  float: 10,
  double: 11,
  timestamp: 12,
  date: 13,
  hugeint: 16,
  varchar: 17,
  decimal: 19,
  timestampSeconds: 20,
  timestampMilliseconds: 21,
  timestampNanoseconds: 22,
  enum: 23,
  timestampWithZone: 31,
  uhugeint: 32,
  sqlNull: 36,
} as const

/** Milliseconds in the unit of a type of dates. */
const units: ReadonlyMap<number, number> = new Map([
  [type.date, 86_400_000],
  [type.timestampSeconds, 1000],
  [type.timestampMilliseconds, 1],
  [type.timestamp, 1e-3],
  [type.timestampWithZone, 1e-3],
  [type.timestampNanoseconds, 1e-6],
])

const numberTypes: ReadonlySet<number> = new Set([
  ...[type.tinyint, type.smallint, type.integer, type.bigint],
  ...[type.utinyint, type.usmallint, type.uinteger, type.ubigint],
  ...[type.float, type.double],
])

/** Whether a value is a DuckDBDataChunk. */
export function isDuckDBChunk(value: unknown): value is DuckDBChunk {
  return hasMethod(value, 'getColumnVector') && 'rowCount' in value
}

/** Whether a value is a DuckDBResult, of any kind. */
export function isDuckDBResult(value: unknown): value is DuckDBResult {
  return hasMethod(value, 'fetchChunk') && hasMethod(value, 'columnNames')
}

/**
 * The columns of rows from DuckDB, taken by columns. Missing numbers become NaN (and integers floats
 * with it); booleans 1 and 0; 64-bit integers, HUGEINT and DECIMAL float64; VARCHAR and ENUM
 * categories; DATE and all kinds of TIMESTAMP milliseconds, in UTC.
 *
 * @param source - a reader (`runAndReadAll`), a result that holds all rows (`run`), or one chunk;
 * for streaming results there is {@link streamDuckDB}
 * @param names - of the columns; only a chunk needs them. Default: those of the result; 'column1',
 * 'column2' and so on for a chunk
 * @throws TypeError if it is none of them, or has a column of another type
 * @throws RangeError for an integer or decimal that float64 does not hold exactly, or two columns of
 * one name
 *
 * @example
 * const table = tableFromDuckDB(await connection.runAndReadAll('select * from rows'))
 */
export function tableFromDuckDB(
  source: DuckDBChunk | MaterializedDuckDBResult | DuckDBReader,
  names?: readonly string[],
): Table {
  const chunks = chunksOf(source)
  if (chunks === undefined)
    throw typeError(
      'source',
      isDuckDBResult(source)
        ? 'a result that holds all rows (stream others with `streamDuckDB`)'
        : 'a chunk, a result or a reader of @duckdb/node-api',
      source,
    )
  const known = names ?? ('columnNames' in source ? source.columnNames() : undefined)
  const count = known?.length ?? chunks[0]?.columnCount ?? 0
  const columns = Array.from({ length: count }, (_, j): [string, Column] => {
    const name = known?.[j] ?? `column${j + 1}`
    const pieces = chunks.map((chunk) => fromVector(name, chunk, j))
    return [name, concatenateColumns(name, pieces)]
  })
  return toTable(columns)
}

/**
 * The rows of a result from DuckDB as {@link Table}s, a chunk (2048 rows) each, fetched when they are
 * asked for; otherwise as {@link tableFromDuckDB}.
 *
 * @param result - as `connection.stream` gives it, which can be read once; or as `run` gives it
 * @throws TypeError if it is none; the loop throws the rest, and what DuckDB throws
 *
 * @example
 * for await (const table of streamDuckDB(await connection.stream('select * from rows')))
 *   console.log(table.rows)
 */
export function streamDuckDB(result: DuckDBResult): AsyncIterable<Table> {
  if (!isDuckDBResult(result)) throw typeError('result', 'a result of @duckdb/node-api', result)
  return {
    async *[Symbol.asyncIterator]() {
      const names = result.columnNames()
      if (isMaterialized(result)) {
        for (let i = 0; i < result.chunkCount; i++) yield tableFromDuckDB(result.getChunk(i), names)
        return
      }
      for (;;) {
        const chunk = await result.fetchChunk()
        if (chunk === null || chunk.rowCount === 0) return
        yield tableFromDuckDB(chunk, names)
      }
    },
  }
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (Reflect.get(value, name) as unknown) === 'function'
  )
}

function isMaterialized(value: unknown): value is MaterializedDuckDBResult {
  return hasMethod(value, 'getChunk') && isDuckDBResult(value)
}

function chunksOf(source: unknown): readonly DuckDBChunk[] | undefined {
  if (isDuckDBChunk(source)) return [source]
  if (isMaterialized(source))
    return Array.from({ length: source.chunkCount }, (_, i) => source.getChunk(i))
  // A reader keeps its chunks to itself, but values column by column are all that it gives.
  const chunks: unknown =
    typeof source === 'object' && source !== null ? Reflect.get(source, 'chunks') : undefined
  return Array.isArray(chunks) && chunks.every(isDuckDBChunk) ? chunks : undefined
}

function fromVector(name: string, chunk: DuckDBChunk, column: number): Column {
  const vector = chunk.getColumnVector(column) as Vector // each of the package's has these
  const rows = chunk.rowCount
  const { typeId } = vector.type
  const validity = readValidity(vector)
  const unit = units.get(typeId)
  if (unit !== undefined) return toDateColumn(name, readItems(name, vector), unit, validity)
  // Copied: the memory is the chunk's.
  if (numberTypes.has(typeId))
    return toNumberColumn(name, readItems(name, vector).slice(), validity)
  switch (typeId) {
    case type.sqlNull:
      return { type: 'number', values: new Float32Array(rows).fill(NaN) }
    case type.boolean: {
      const booleans = Uint8Array.from({ length: rows }, (_, row) => Number(vector.getItem(row)))
      return toNumberColumn(name, booleans, validity)
    }
    case type.hugeint:
    case type.uhugeint:
      return toDecimalColumn(name, readBigInts(vector, 'getItem'), 0, validity)
    case type.decimal:
      return toDecimalColumn(
        name,
        readBigInts(vector, 'getScaledValue'),
        Number(Reflect.get(vector.type, 'scale')),
        validity,
      )
    case type.varchar:
      return toCategoryColumn(rows, (row) => vector.getItem(row) as string | null) // as the type says
    case type.enum: {
      const items = readItems(name, vector)
      const codes = Int32Array.from({ length: rows }, (_, row) =>
        isValid(validity, row) ? Number(items[row]) : -1,
      )
      const categories = Reflect.get(vector.type, 'values') as readonly string[] // as the type says
      return { type: 'category', codes, categories }
    }
    default:
      throw refuse(name, vector)
  }
}

function readItems(name: string, vector: Vector): Values {
  const items: unknown = Reflect.get(vector, 'items')
  if (!ArrayBuffer.isView(items) || items instanceof DataView) throw refuse(name, vector)
  return items as Values
}

/** Undefined if all rows have a value. */
function readValidity(vector: Vector): Validity | undefined {
  const validity = Reflect.get(vector, 'validity') as
    { readonly data: BigUint64Array | null; readonly offset: number } | undefined
  if (!validity?.data) return undefined
  const { buffer, byteOffset, byteLength } = validity.data // little-endian, as all that DuckDB runs on
  return { bits: new Uint8Array(buffer, byteOffset, byteLength), offset: validity.offset }
}

/** By one of the vector's methods; 0 where there is none. */
function readBigInts(vector: Vector, method: string): bigint[] {
  const read = Reflect.get(vector, method) as (row: number) => bigint | number | null
  return Array.from({ length: vector.itemCount }, (_, row) => BigInt(read.call(vector, row) ?? 0))
}

function refuse(name: string, vector: Vector): TypeError {
  return new TypeError(
    `Column ${show(name)} is of DuckDB's type ${vector.type.toString()}, which a Table does not hold; cast it`,
  )
}
