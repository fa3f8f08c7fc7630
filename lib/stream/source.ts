import type { Table } from '../data/table.js'
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
 * What a source gives at a time: a Dataset; a Table; features and targets; an array of row objects;
 * or a single row, which is gathered with those that follow.
 */
export type StreamBlock = Dataset | Table | LabelledRows | readonly StreamRow[] | StreamRow

/** Blocks, one after the other. */
export type Blocks<B = StreamBlock> = Iterable<B | PromiseLike<B>> | AsyncIterable<B>

/**
 * Where a stream's rows come from: an iterable or async iterable of blocks, or a function that is
 * called for each pass and returns one, or a promise of one.
 */
export type StreamSource<B = StreamBlock> = Blocks<B> | (() => Blocks<B> | PromiseLike<Blocks<B>>)

/** The iterator of a pass, of whichever kind. */
export type BlockIterator = Iterator<unknown> | AsyncIterator<unknown>

/** Checks what is given as a source: whether it can be iterated over, or called. */
export function checkSource(source: unknown): StreamSource {
  if (typeof source !== 'function' && !isIterable(source))
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
  if (!isIterable(given)) throw typeError('source()', 'an iterable or an async iterable', given)
  return Symbol.asyncIterator in given ? given[Symbol.asyncIterator]() : given[Symbol.iterator]()
}

function isIterable(value: unknown): value is Blocks<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return [Symbol.asyncIterator, Symbol.iterator].some(
    (name) => typeof Reflect.get(value, name) === 'function',
  )
}
