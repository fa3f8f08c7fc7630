import type { ColumnType } from '../data/column_types.js'
import { readCsv } from '../data/csv.js'
import { readJsonLines } from '../data/json_lines.js'
import { readNpy } from '../data/npy.js'
import type { Table } from '../data/table.js'
import type { Encoding } from '../options/index.js'
import { toTable } from '../preparation/column_transformer.js'
import { checkData, Failure } from './failure.js'

/** What is known of a file before it is read. */
interface Reading {
  /** Types of columns by name; those of the others are inferred. */
  readonly columns?: Readonly<Record<string, ColumnType>>
  /** The columns that are kept. Default: all. */
  readonly select?: readonly string[]
  /** Of .csv and .tsv files. Default 'utf-8'. */
  readonly encoding?: Encoding | undefined
}

type Reader = (path: string, reading: Reading) => Promise<Table>

/** By extension. */
const readers: Readonly<Record<string, Reader>> = {
  csv: readCsv,
  tsv: (path, reading) => readCsv(path, { ...reading, delimiter: '\t' }),
  jsonl: readObjects,
  ndjson: readObjects,
  npy: readMatrix,
}

/**
 * Reads the rows of a file by its extension: .csv, .tsv, .jsonl, .ndjson or .npy, with or without
 * .gz. The columns of an npy file are called x0, x1 and so on.
 *
 * @throws Failure for an unknown extension, or a file that has no rows or not these columns
 * @throws GemmnetError `ERR_BAD_FILE`; the system's error if it cannot be read
 */
export async function readTable(path: string, reading: Reading = {}): Promise<Table> {
  const [, extension = ''] = /\.([^./\\]+?)(?:\.gz)?$/i.exec(path) ?? []
  const reader = Object.entries(readers).find(([name]) => name === extension.toLowerCase())?.[1]
  if (reader === undefined) {
    const known = Object.keys(readers).map((name) => `.${name}`)
    throw new Failure(`${path}: expected a file of ${known.join(', ')}, with or without .gz`, {
      exitCode: 2,
    })
  }
  const table = await checkData(path, () => reader(path, reading))
  if (table.rows === 0) throw new Failure(`${path} has no rows`)
  return table
}

async function readObjects(path: string, { columns, select }: Reading): Promise<Table> {
  return readJsonLines(path, { columns, select })
}

async function readMatrix(path: string, { select }: Reading): Promise<Table> {
  const array = await readNpy(path)
  const [, columns] = array.shape
  if (columns === undefined || array.shape.length > 2)
    throw new RangeError(`an array of shape [${array.shape.join(', ')}] has no rows of columns`)
  const table = toTable('x', array)
  return select === undefined ? table : table.select(select)
}
