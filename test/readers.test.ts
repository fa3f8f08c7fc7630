import { DuckDBInstance } from '@duckdb/node-api'
import * as arrow from 'apache-arrow'
import test from 'ava'
import { Buffer } from 'node:buffer'
import type { DType, Table } from '../lib/index.js'
import {
  Dataset,
  readCsv,
  readJsonLines,
  readNpy,
  streamCsv,
  streamDuckDB,
  streamJsonLines,
  Table as Tables,
  tableFromArrow,
  tableFromDuckDB,
} from '../lib/index.js'
import { randomNumbers } from './helpers/data.js'

// The same rows, whichever way they come.

const rows = 5000
const names = ['a', 'b', 'c']
const labels = Int32Array.from({ length: rows }, (_, row) => row % 3)

/** Numbers of all sizes, column by column. */
function makeColumns(dtype: DType): Float32Array[] | Float64Array[] {
  const random = randomNumbers(dtype === 'float32' ? 1 : 2)
  const draw = () => (random() - 0.5) * 10 ** Math.floor(12 * random() - 6)
  const make = dtype === 'float32' ? Float32Array : Float64Array
  return names.map(() => make.from(Array.from({ length: rows }, draw))) as Float32Array[]
}

async function gather(tables: AsyncIterable<Table>): Promise<Table> {
  const all: Table[] = []
  for await (const table of tables) all.push(table)
  return Tables.concatenate(all)
}

for (const dtype of ['float32', 'float64'] as const)
  test(`rows from memory, CSV, npy, JSON lines, Arrow and DuckDB make equal Datasets: ${dtype}`, async (t) => {
    const columns = makeColumns(dtype)
    const row = (i: number) => columns.map((column) => column[i] ?? NaN)
    const flat = Array.from({ length: rows }, (_, i) => row(i)).flat()
    const data = dtype === 'float32' ? Float32Array.from(flat) : Float64Array.from(flat)

    const lines = Array.from({ length: rows }, (_, i) => row(i).join(','))
    const csv = Buffer.from(`${names.join(',')}\n${lines.join('\n')}\n`)
    const quoted = Buffer.from(csv.toString().replaceAll(/(?<=\n)([^,]+)/g, '"$1"'))
    const json = Buffer.from(
      Array.from({ length: rows }, (_, i) =>
        JSON.stringify(Object.fromEntries(row(i).map((value, j) => [names[j], value]))),
      ).join('\n'),
    )
    const header = `{'descr': '<f${dtype === 'float32' ? 4 : 8}', 'fortran_order': False, 'shape': (${rows}, 3), }\n`
    const npy = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.of(header.length, 0),
      Buffer.from(header),
      Buffer.from(data.buffer),
    ])
    const ipc = arrow.tableToIPC(
      new arrow.Table(
        Object.fromEntries(names.map((name, j) => [name, arrow.makeVector(columns[j] ?? [])])),
      ),
    )
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const sqlType = dtype === 'float32' ? 'FLOAT' : 'DOUBLE'
    await connection.run(`create table t (i INTEGER, ${names.map((name) => `${name} ${sqlType}`).join(', ')})`) // prettier-ignore
    const appender = await connection.createAppender('t')
    for (let i = 0; i < rows; i++) {
      appender.appendInteger(i)
      for (const value of row(i))
        if (dtype === 'float32') appender.appendFloat(value)
        else appender.appendDouble(value)
      appender.endRow()
    }
    appender.closeSync()
    const query = `select ${names.join(', ')} from t order by i`

    const tables: Record<string, Table> = {
      memory: new Tables(new Map(names.map((name, j) => [name, columns[j] ?? []]))),
      CSV: await readCsv(csv),
      'CSV of dtype': await readCsv(csv, { dtype }),
      'CSV with quotes': await readCsv(quoted),
      'CSV as a stream': await gather(streamCsv(csv, { blockRows: 77 })),
      'JSON lines': await readJsonLines(json),
      'JSON lines as a stream': await gather(streamJsonLines(json, { blockRows: 77 })),
      Arrow: tableFromArrow(arrow.tableFromIPC(ipc)),
      DuckDB: tableFromDuckDB(await connection.runAndReadAll(query)),
      'DuckDB as a stream': await gather(streamDuckDB(await connection.stream(query))),
    }
    const expected = new Dataset({ data, shape: [rows, 3] }, labels)
    const compare = (what: string, actual: Dataset) => {
      t.deepEqual(actual.x, expected.x, what)
      t.deepEqual(actual.y, expected.y, what)
    }
    for (const [what, table] of Object.entries(tables))
      compare(what, new Dataset(table.toMatrix(), labels, { dtype }))
    compare('npy', new Dataset(await readNpy(npy), labels))
  })
