import { badFile, badLine, show, typeError } from '../errors.js'
import { CallSite } from '../job.js'
import type { OptionsOf, SettingsOf } from '../options/index.js'
import { complete, jsonLinesOptions } from '../options/index.js'
import type { ColumnsOption, ColumnType } from './column_types.js'
import { checkColumns, inferredRows, inferType } from './column_types.js'
import type { ByteSource, Lines } from './source.js'
import { claimErrors, decodeLines, readHead, readLines, Source } from './source.js'
import type { Table } from './table.js'
import { defaultBlockRows, TableBuilder } from './table_builder.js'

/** Options of {@link readJsonLines} and {@link streamJsonLines}. @interface */
export type JsonLinesOptions = OptionsOf<typeof jsonLinesOptions> & {
  /**
   * Types of columns by key: 'number', 'boolean', 'date' or 'category'. Those of the others are
   * inferred from the first 1000 rows (the first 4 MiB if they are longer).
   */
  readonly columns?: ColumnsOption | undefined
}
type Settings = SettingsOf<typeof jsonLinesOptions> & {
  readonly types: ReadonlyMap<string, ColumnType>
}

/**
 * Reads a file of JSON lines, an object a line, into one {@link Table} with a column for each key.
 *
 * A key that a row lacks, null, and the texts of `missing` are missing values. Texts become what
 * they become in `readCsv`, but numbers only where `columns` says so. Empty lines are skipped; gzip
 * is unfolded; lines are of at most 16 MiB.
 *
 * @param source - a path, a `file:` URL, bytes, a stream or any iterable of bytes or texts
 * @throws TypeError or RangeError for wrong options
 * @throws GemmnetError `ERR_BAD_FILE`, with `line` and `column`, for a line that is no object, a
 * value that is not of its column's type, a key that neither `columns` nor the first 1000 rows have;
 * the system's error if the file cannot be read; whatever the source throws
 *
 * @example
 * const table = await readJsonLines('rows.jsonl', { columns: { born: 'date' } })
 */
export async function readJsonLines(
  source: ByteSource,
  options: JsonLinesOptions = {},
): Promise<Table> {
  const settings = check('readJsonLines', options)
  const opened = new Source(source)
  const tables = claimErrors(new CallSite(), readTables(opened, settings, Infinity))
  for await (const table of tables) return table
  throw badFile('it has no rows', opened.path)
}

/**
 * Reads a file of JSON lines as {@link Table}s of bounded size, one after the other, each when it is
 * asked for; otherwise as {@link readJsonLines}. A category keeps its code from table to table.
 * Leaving the loop closes the source. A file can be read again by a second loop, a stream cannot.
 *
 * @param source - a path, a `file:` URL, bytes, a stream or any iterable of bytes or texts
 * @throws TypeError or RangeError for wrong options, at once; the loop throws the rest
 */
export function streamJsonLines(
  source: ByteSource,
  options: JsonLinesOptions = {},
): AsyncIterable<Table> {
  const settings = check('streamJsonLines', options)
  const opened = new Source(source)
  const site = new CallSite()
  return { [Symbol.asyncIterator]: () => claimErrors(site, readTables(opened, settings)) }
}

function check(owner: string, options: JsonLinesOptions): Settings {
  const settings = complete(owner, jsonLinesOptions, options, { others: ['columns'] })
  if (Array.isArray(options.columns))
    throw typeError('columns', 'an object of types by name', options.columns)
  return { ...settings, types: checkColumns(options.columns).types }
}

async function* readTables(
  source: Source,
  settings: Settings,
  blockRows?: number,
): AsyncGenerator<Table, void, undefined> {
  const pieces = readLines(source)
  try {
    const head = await readHead(pieces)
    const types = inferTypes(head, settings, source.path)
    if (types.size === 0) return
    const size = blockRows ?? settings.blockRows ?? defaultBlockRows(types.size)
    const table = new TableBuilder(types, settings, size)
    const read = function* (piece: Lines) {
      for (const { line, row } of parseLines(piece, source.path)) {
        addRow(table, row, settings, (message, key) => badLine(message, line, key, source.path))
        if (table.isFull) yield table.take()
      }
    }
    for (const piece of head) yield* read(piece)
    for await (const piece of pieces) yield* read(piece)
    if (table.rows > 0) yield table.take()
  } finally {
    await pieces.return()
  }
}

type Row = Readonly<Record<string, unknown>>

function* parseLines(
  piece: Lines,
  path?: string,
): Generator<{ readonly line: number; readonly row: Row }, void, undefined> {
  let line = piece.firstLine
  for (const text of decodeLines(piece, path).slice(0, -1).split('\n')) {
    if (text.trim() !== '') yield { line, row: parseLine(text, line, path) }
    line++
  }
}

function parseLine(text: string, line: number, path?: string): Row {
  let row: unknown
  try {
    row = JSON.parse(text)
  } catch (error) {
    throw badLine(`not JSON: ${error instanceof Error ? error.message : ''}`, line, undefined, path)
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw badLine(`expected an object, got \`${show(row)}\``, line, undefined, path)
  return row as Row
}

function addRow(
  table: TableBuilder,
  row: Row,
  { types, select, trim }: Settings,
  bad: (message: string, key: string) => Error,
): void {
  const place = table.nextRow
  for (const column of table.columns.values()) column.setMissing(place)
  for (const [key, value] of Object.entries(row)) {
    const column = table.columns.get(key)
    if (column === undefined) {
      if (select !== undefined) continue
      throw bad(`the first ${inferredRows} rows have no such key; name it in \`columns\``, key)
    }
    if (value === null) continue
    let problem: string | undefined
    if (typeof value === 'string') problem = column.setText(place, trim ? value.trim() : value)
    else if (typeof value === 'number' || typeof value === 'boolean')
      problem = column.setValue(place, value)
    else throw bad(`expected a number, a text, true, false or null, got \`${show(value)}\``, key)
    if (problem !== undefined)
      throw bad(types.has(key) ? problem : `${problem}; give its type in \`columns\``, key)
  }
  table.endRow()
}

/** Of the columns that are kept, in the table's order: as selected, or as keys come up. */
function inferTypes(
  head: readonly Lines[],
  { types, select, missing, trim }: Settings,
  path?: string,
): ReadonlyMap<string, ColumnType> {
  const values = new Map<string, unknown[]>([...types.keys()].map((key) => [key, []]))
  let rows = 0
  for (const piece of head)
    for (const { row } of parseLines(piece, path)) {
      if (rows++ === inferredRows) break
      for (const [key, value] of Object.entries(row)) {
        const others = values.get(key) ?? []
        values.set(key, others)
        const cell = typeof value === 'string' && trim ? value.trim() : value
        const isMissing = cell === null || (typeof cell === 'string' && missing.includes(cell))
        if (!isMissing) others.push(cell)
      }
    }
  if (rows === 0) return new Map()
  const names = select ?? [...values.keys()]
  return new Map(names.map((name) => [name, types.get(name) ?? typeOf(values.get(name) ?? [])]))
}

function typeOf(values: readonly unknown[]): ColumnType {
  if (values.every((value) => typeof value === 'boolean'))
    return values.length === 0 ? 'number' : 'boolean'
  if (values.every((value) => typeof value === 'number' || typeof value === 'boolean'))
    return 'number'
  const texts = values.filter((value) => typeof value === 'string')
  return texts.length === values.length && inferType(texts) === 'date' ? 'date' : 'category'
}
