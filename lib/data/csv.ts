import { badFile } from '../errors.js'
import { CallSite } from '../job.js'
import type { OptionsOf } from '../options/index.js'
import { complete, csvOptions } from '../options/index.js'
import type { ColumnsOption } from './column_types.js'
import { checkColumns } from './column_types.js'
import type { CsvReader, CsvSettings } from './csv_reader.js'
import { lastRecordEnd } from './csv_records.js'
import type { ByteSource } from './source.js'
import { claimErrors, readHead, readLines, Source } from './source.js'
import type { Table } from './table.js'

/** Options of {@link readCsv} and {@link streamCsv}. @interface */
export type CsvOptions = OptionsOf<typeof csvOptions> & {
  /**
   * Types of columns by name: 'number', 'boolean', 'date' or 'category'. Those of the others are
   * inferred from the first 1000 rows (the first 4 MiB if they are longer): the first of 'boolean',
   * 'number', 'date' and 'category' that all values there have, and 'number' where none is there.
   * An array gives the names of all columns, in place of a header.
   */
  readonly columns?: ColumnsOption | readonly string[] | undefined
}

/**
 * Reads a CSV file into one {@link Table}: values by columns, numbers as numbers.
 *
 * Empty lines are skipped. Values may be quoted, with line ends and doubled quotes in them; a byte
 * order mark and either line end are taken, and gzip is unfolded. Rows have to be as long as the
 * header; lines, of at most 16 MiB.
 *
 * @param source - a path, a `file:` URL, bytes, a stream or any iterable of bytes or texts
 * @throws TypeError or RangeError for wrong options, and for names that are no columns of the file
 * @throws GemmnetError `ERR_BAD_FILE`, with `line` and `column`, for a row that is too long or too
 * short, a value that is not of its column's type, a quote that is not closed; the system's error
 * if the file cannot be read; whatever the source throws
 *
 * @example
 * const table = await readCsv('adult.csv.gz', { columns: { zip: 'category' } })
 * table.column('age') // { type: 'number', values: Float64Array }
 */
export async function readCsv(source: ByteSource, options: CsvOptions = {}): Promise<Table> {
  const settings = check('readCsv', options)
  const opened = new Source(source)
  const tables = claimErrors(new CallSite(), readTables(opened, settings, Infinity))
  for await (const table of tables) return table
  throw badFile('it has no rows, and no header', opened.path)
}

/**
 * Reads a CSV file as {@link Table}s of bounded size, one after the other, each when it is asked
 * for: for files larger than memory. All is as in {@link readCsv}; a category keeps its code from
 * table to table. Leaving the loop closes the source. A file can be read again by a second loop, a
 * stream cannot.
 *
 * @param source - a path, a `file:` URL, bytes, a stream or any iterable of bytes or texts
 * @throws TypeError or RangeError for wrong options, at once; the loop throws the rest
 *
 * @example
 * for await (const table of streamCsv('large.csv', { blockRows: 10_000 })) console.log(table.rows)
 */
export function streamCsv(source: ByteSource, options: CsvOptions = {}): AsyncIterable<Table> {
  const settings = check('streamCsv', options)
  const opened = new Source(source)
  const site = new CallSite()
  return { [Symbol.asyncIterator]: () => claimErrors(site, readTables(opened, settings)) }
}

function check(owner: string, options: CsvOptions): CsvSettings {
  const settings = complete(owner, csvOptions, options, { others: ['columns'] })
  const { delimiter, quote, comment } = settings
  const marks = [delimiter, quote, comment].filter((mark) => typeof mark === 'string')
  if (new Set(marks).size < marks.length)
    throw new TypeError('Expected `delimiter`, `quote` and `comment` to be different characters')
  return { ...settings, ...checkColumns(options.columns) }
}

/** @param blockRows - rows of a table, in place of the settings'; Infinity: one table in any case */
async function* readTables(
  source: Source,
  settings: CsvSettings,
  blockRows?: number,
): AsyncGenerator<Table, void, undefined> {
  let reader: CsvReader | undefined
  const pieces = readLines(source, (bytes) => lastRecordEnd(bytes, reader?.marks ?? settings))
  try {
    const head = await readHead(pieces)
    if (head.length === 0) return
    const module = await import('./csv_reader.js') // Papa Parse takes 10 ms to load
    reader = new module.CsvReader(head, settings, source.path, blockRows)
    for (const piece of head) yield* reader.read(piece)
    for await (const piece of pieces) yield* reader.read(piece)
    const last = reader.end()
    if (last.rows > 0 || blockRows === Infinity) yield last
  } finally {
    await pieces.return()
  }
}
