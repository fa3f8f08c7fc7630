import type { ArrowTable } from '../data/arrow.js'
import { isArrowTable } from '../data/arrow.js'
import type { DuckDBResult } from '../data/duckdb.js'
import { isDuckDBResult, streamDuckDB } from '../data/duckdb.js'
import { Table } from '../data/table.js'
import type { TableLike } from '../data/table_like.js'
import type { Dataset, DatasetOptions } from '../dataset.js'
import { typeError } from '../errors.js'
import type { Labels, MatrixLike } from '../matrix.js'

/** Rows as the constructor of {@link Dataset} takes them. */
export type LabelledRows = {
  readonly x: MatrixLike
  readonly y: Labels | MatrixLike
} & DatasetOptions

/** One row: its values by column, as `Table.fromRows` takes them. */
export type StreamRow = Readonly<Record<string, unknown>>

/**
 * What a source gives at a time: a Dataset; a {@link TableLike}; features and targets; an array of
 * row objects; or a single row, which is gathered with those that follow.
 */
export type StreamBlock = Dataset | TableLike | LabelledRows | readonly StreamRow[] | StreamRow

/**
 * The blocks of a pass: an iterable or async iterable of them; a Table, of either kind; or a result of
 * DuckDB's, whose rows are fetched as they are needed.
 */
export type Blocks =
  | Iterable<StreamBlock | PromiseLike<StreamBlock>>
  | AsyncIterable<StreamBlock>
  | Table
  | ArrowTable
  | DuckDBResult

/**
 * Where a stream's rows come from: blocks, or a function that is called for each pass and returns
 * them, or a promise of them.
 */
export type StreamSource = Blocks | (() => Blocks | PromiseLike<Blocks>)

/** The iterator of a pass, of whichever kind. */
export type BlockIterator = Iterator<unknown> | AsyncIterator<unknown>

/** Checks what is given as a source: whether it can be iterated over, or called. */
export function checkSource(source: unknown): StreamSource {
  if (typeof source !== 'function' && blocksOf(source) === undefined)
    throw typeError(
      'source',
      'an iterable, an async iterable, or a function that returns one',
      source,
    )
  return source as StreamSource // what it gives is checked as it comes
}

/** Begins a pass. */
export async function beginPass(source: StreamSource): Promise<BlockIterator> {
  const given: unknown = typeof source === 'function' ? await source() : source
  const blocks = blocksOf(given)
  if (blocks === undefined) throw typeError('source()', 'an iterable or an async iterable', given)
  return Symbol.asyncIterator in blocks ? blocks[Symbol.asyncIterator]() : blocks[Symbol.iterator]()
}

/** What gives the blocks of a pass one by one, if it is anything that has some. */
function blocksOf(given: unknown): Iterable<unknown> | AsyncIterable<unknown> | undefined {
  // Iterated over, an Arrow Table gives rows, which take much longer.
  if (isArrowTable(given)) {
    const batches: unknown = Reflect.get(given, 'batches')
    return Array.isArray(batches) ? (batches as unknown[]) : [given]
  }
  if (isDuckDBResult(given)) return streamDuckDB(given)
  if (given instanceof Table) return [given]
  return isIterable(given) ? given : undefined
}

function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return [Symbol.asyncIterator, Symbol.iterator].some(
    (name) => typeof Reflect.get(value, name) === 'function',
  )
}
