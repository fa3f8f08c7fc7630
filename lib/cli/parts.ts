import type { Column } from '../data/column.js'
import type { Table } from '../data/table.js'
import { checkData, Failure } from './failure.js'
import type { Task } from './task.js'
import type { Terminal } from './terminal.js'

/** How the rows of a file are dealt. */
export interface Dealing {
  /** Shares of train and dev, and of test if there is to be one. */
  readonly split: readonly number[]
  /** Column whose rows of one value stay together. */
  readonly groups?: string | undefined
  /** Column by which the parts follow one another. */
  readonly time?: string | undefined
  readonly seed: number
}

/** The rows to train on, to stop by, and to be judged by. */
export interface Parts {
  readonly train: Table
  readonly dev: Table
  readonly test?: Table
}

/** The names of the parts, in their order. */
export const partNames = ['train', 'dev', 'test'] as const

/** A column that no file has: the rows' numbers in theirs, from 1. */
const numbersColumn = '\0number'

/** The table with the numbers of its rows, which stay with them. */
export function numberRows(table: Table): Table {
  return table.with({ [numbersColumn]: Float64Array.from({ length: table.rows }, (_, i) => i + 1) })
}

/** What {@link numberRows} has numbered the rows with. */
export function rowNumbers(table: Table): ArrayLike<number> {
  const column = table.column(numbersColumn)
  return column.type === 'category' ? column.codes : column.values
}

/** The names of the columns that are the file's. */
export function fileColumns(table: Table): string[] {
  return table.names.filter((name) => name !== numbersColumn)
}

/**
 * The rows that have a value of the target.
 *
 * @throws Failure if none has
 */
export function withTarget(table: Table, target: string, path: string, terminal: Terminal): Table {
  const keys = keysOf(table.column(target))
  const rows = rowsWhere(keys, (key) => key !== undefined)
  if (rows.length === table.rows) return table
  if (rows.length === 0) throw new Failure(`${path}: column '${target}' is empty`)
  terminal.note(`${table.rows - rows.length} rows without '${target}' are left out`)
  return table.subset(rows)
}

/**
 * Deals rows to parts: each with its share of each class, where the rows are in no order of time.
 * Rows of dev and test whose class no training row has are left out, with a note.
 *
 * @param path - the file, for messages
 * @throws Failure if there are too few rows, or groups
 */
export async function dealParts(
  table: Table,
  target: string,
  task: Task,
  { split, groups, time, seed }: Dealing,
  path: string,
  terminal: Terminal,
): Promise<Parts> {
  if (split.some((share) => Math.round(share * table.rows) < 1))
    throw new Failure(
      `${path}: ${table.rows} rows with '${target}' are too few for ${partNames.slice(0, split.length).join(', ')}`,
    )
  const isStratified =
    task === 'classification' && time === undefined && holdsCodes(table.column(target))
  const shares = Object.fromEntries(split.map((share, i) => [partNames[i] ?? '', share]))
  const parts = await checkData(path, () =>
    table.split(shares, {
      ...(time === undefined ? { seed, groups } : { time }), // by time nothing is drawn
      ...(isStratified && { stratify: target }),
    }),
  )
  const { train, dev, test } = parts
  if (train === undefined || dev === undefined) throw new Error('No train and dev') // see `split`
  if (task === 'regression') return { train, dev, ...(test && { test }) }
  const known = new Set(keysOf(train.column(target)))
  const keep = (name: string, part: Table) => {
    const rows = rowsWhere(keysOf(part.column(target)), (key) => known.has(key))
    if (rows.length === part.rows) return part
    const out = part.rows - rows.length
    terminal.note(`${out} rows of ${name} are left out: no training row has their class`)
    if (rows.length === 0) throw new Failure(`${path}: no row is left for ${name}`)
    return part.subset(rows)
  }
  return { train, dev: keep('dev', dev), ...(test && { test: keep('test', test) }) }
}

/** For each row a text or a number that stands for its value; undefined where there is none. */
function keysOf(column: Column): (string | number | undefined)[] {
  if (column.type === 'category') return Array.from(column.codes, (code) => column.categories[code])
  return Array.from(column.values, (value) => (Number.isNaN(value) ? undefined : value))
}

function rowsWhere<T>(values: readonly T[], holds: (value: T) => boolean): number[] {
  return values.flatMap((value, row) => (holds(value) ? [row] : []))
}

/** Whether rows can be stratified by it: texts or whole numbers. */
function holdsCodes(column: Column): boolean {
  return column.type === 'category' || column.values.every((value: number) => value % 1 === 0)
}
