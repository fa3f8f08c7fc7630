import { isAscii } from 'node:buffer'
import papaparse from 'papaparse'
import { badLine, show, unknownName } from '../errors.js'
import type { csvOptions, SettingsOf } from '../options/index.js'
import type { checkColumns, ColumnType } from './column_types.js'
import { inferredRows, inferType } from './column_types.js'
import { findRepeated } from './column.js'
import type { Marks } from './csv_records.js'
import { delimiters, Records } from './csv_records.js'
import { addPlainRows } from './plain_csv.js'
import type { Lines } from './source.js'
import { countLines, decodeLines } from './source.js'
import type { Table } from './table.js'
import type { ColumnBuilder } from './table_builder.js'
import { defaultBlockRows, TableBuilder } from './table_builder.js'

/** The options of a reader, complete. */
export type CsvSettings = SettingsOf<typeof csvOptions> & ReturnType<typeof checkColumns>

/**
 * The rows of one CSV file, piece by piece. Its first rows say how it is to be read. Text without
 * quotes or letters beyond ASCII goes the quick way of `addPlainRows`, all other through Papa Parse.
 */
export class CsvReader {
  readonly marks: Marks & { readonly delimiter: string }
  readonly #settings: CsvSettings
  readonly #path: string | undefined
  /** Of all columns of the file. */
  readonly #names: readonly string[]
  /** By the place in a row; undefined for columns that are left out. */
  readonly #columns: readonly (ColumnBuilder | undefined)[]
  readonly #table: TableBuilder
  /** Whether the header is still to come. */
  #skipsRow: boolean

  /**
   * @param head - the first pieces of the file
   * @param blockRows - rows of a table; default: what the settings say
   */
  constructor(
    head: readonly Lines[],
    settings: CsvSettings,
    path: string | undefined,
    blockRows?: number,
  ) {
    this.#settings = settings
    this.#path = path
    const text = head.map((piece) => this.#decode(piece)).join('')
    const { comment, quote } = settings
    this.marks = { delimiter: settings.delimiter ?? guessDelimiter(text, settings), comment, quote }

    const rows = this.#parse(text, inferredRows + 1).data.filter((row) => !isEmpty(row))
    this.#skipsRow = settings.header ?? settings.names === undefined
    const header = this.#skipsRow ? rows.shift()?.map((name) => this.#trim(name)) : undefined
    this.#names = settings.names ?? header ?? rows[0]?.map((_, j) => `column${j + 1}`) ?? []
    this.#checkNames(head[0]?.firstLine ?? 1)

    const kept = settings.select ?? this.#names
    const types = new Map(
      kept.map((name): [string, ColumnType] => [
        name,
        settings.types.get(name) ?? this.#infer(rows, this.#names.indexOf(name)),
      ]),
    )
    this.#table = new TableBuilder(
      types,
      settings,
      blockRows ?? settings.blockRows ?? defaultBlockRows(kept.length),
    )
    this.#columns = this.#names.map((name) => this.#table.columns.get(name))
  }

  /** Adds the rows of one piece; gives each table that is full. */
  *read(piece: Lines): Generator<Table, void, undefined> {
    const { quote } = this.marks
    const isPlain = isAscii(piece.bytes) && (quote === false || !piece.bytes.includes(quote))
    yield* isPlain ? this.#readPlain(piece) : this.#readQuoted(piece)
  }

  /** The rows since the last table. */
  end(): Table {
    return this.#table.take()
  }

  *#readPlain({ bytes, firstLine }: Lines): Generator<Table, void, undefined> {
    const { delimiter, comment } = this.marks
    const layout = {
      table: this.#table,
      columns: this.#columns,
      delimiter: delimiter.charCodeAt(0),
      comment: comment?.charCodeAt(0),
      trim: this.#settings.trim,
      fail: (at: number, column: number, message: string): never => {
        throw this.#bad(firstLine + countLines(bytes.subarray(0, at)), message, column)
      },
    }
    let at = this.#skipsRow ? this.#headerEnd(bytes) : 0
    while (at < bytes.length) {
      at = addPlainRows(bytes, at, layout)
      if (this.#table.isFull) yield this.#table.take()
    }
  }

  /** Where the first row ends that is neither empty nor a comment. */
  #headerEnd(bytes: Buffer): number {
    const records = new Records(bytes.toString('latin1'), this.marks)
    let start = 0
    while (start < bytes.length) {
      const end = records.end(start)
      const isHeader =
        !records.isComment(start) && bytes.toString('latin1', start, end).trim() !== ''
      if (isHeader) {
        this.#skipsRow = false
        return end
      }
      start = end
    }
    return bytes.length
  }

  *#readQuoted(piece: Lines): Generator<Table, void, undefined> {
    const text = this.#decode(piece)
    const { data, errors } = this.#parse(text)
    const [error] = errors
    if (error !== undefined) throw this.#bad(this.#lineOf(piece, error.row ?? 0), error.message)
    for (let i = 0; i < data.length; i++) {
      const row = data[i] ?? []
      if (isEmpty(row)) continue
      if (this.#skipsRow) this.#skipsRow = false
      else this.#addRow(row, () => this.#lineOf(piece, i))
      if (this.#table.isFull) yield this.#table.take()
    }
  }

  #addRow(cells: readonly string[], line: () => number): void {
    const length = this.#columns.length
    if (cells.length > length) throw this.#bad(line(), `the row has more than ${length} values`, length - 1) // prettier-ignore
    if (cells.length < length)
      throw this.#bad(
        line(),
        `the row ends before it: it has ${cells.length} values, not ${length}`,
        cells.length,
      )
    const row = this.#table.nextRow
    this.#columns.forEach((column, j) => {
      const problem = column?.setText(row, this.#trim(cells[j] ?? ''))
      if (problem !== undefined) throw this.#bad(line(), problem, j)
    })
    this.#table.endRow()
  }

  /** Line of the file on which the row begins that Papa Parse counts as `index`. */
  #lineOf({ bytes, firstLine }: Lines, index: number): number {
    const records = new Records(bytes.toString('latin1'), this.marks)
    let start = 0
    for (let row = 0; start < bytes.length; start = records.end(start)) {
      if (records.isComment(start)) continue
      if (row++ === index) break
    }
    return firstLine + countLines(bytes.subarray(0, start))
  }

  #parse(text: string, rows = 0): papaparse.ParseResult<string[]> {
    const { delimiter, quote, comment } = this.marks
    return papaparse.parse<string[]>(text, {
      delimiter,
      newline: '\n', // before which a carriage return is cut off by `#trim`
      comments: comment ?? false,
      preview: rows,
      ...(quote === false ? { fastMode: true } : { quoteChar: quote, escapeChar: quote }),
    })
  }

  #trim(cell: string): string {
    if (this.#settings.trim) return cell.trim()
    return cell.endsWith('\r') ? cell.slice(0, -1) : cell
  }

  #decode(piece: Lines): string {
    if (this.#settings.encoding === 'latin1') return piece.bytes.toString('latin1')
    return decodeLines(piece, this.#path, "; give `encoding: 'latin1'` if it is that")
  }

  #infer(rows: readonly string[][], j: number): ColumnType {
    const values = rows.map((row) => this.#trim(row[j] ?? ''))
    return inferType(values.filter((value) => !this.#settings.missing.includes(value)))
  }

  /** @throws RangeError for names in the options that no column has */
  #checkNames(line: number): void {
    const repeated = findRepeated(this.#names)
    if (repeated !== undefined) throw this.#bad(line, `two columns have the name ${show(repeated)}`)
    const names = new Set(this.#names)
    for (const name of [...this.#settings.types.keys(), ...(this.#settings.select ?? [])])
      if (!names.has(name)) throw unknownName('column', name, names)
  }

  #bad(line: number, message: string, column?: number) {
    return badLine(message, line, this.#names[column ?? -1], this.#path)
  }
}

function isEmpty(row: readonly string[]): boolean {
  return row.length === 1 && (row[0] === '' || row[0] === '\r')
}

function guessDelimiter(text: string, { comment, quote }: CsvSettings): string {
  return papaparse.parse(text, {
    preview: 1,
    skipEmptyLines: true,
    newline: '\n',
    comments: comment ?? false,
    delimitersToGuess: delimiters,
    ...(quote !== false && { quoteChar: quote }),
  }).meta.delimiter
}
