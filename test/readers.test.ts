import { DuckDBInstance } from '@duckdb/node-api'
import * as arrow from 'apache-arrow'
import test from 'ava'
import { Buffer } from 'node:buffer'
import type { DType, FloatArray, StreamSource, Table } from '../lib/index.js'
import {
  Dataset,
  dense,
  Network,
  readCsv,
  readJsonLines,
  readNpy,
  streamCsv,
  streamDuckDB,
  streamJsonLines,
  Table as Tables,
  tableFromArrow,
  tableFromDuckDB,
  Trainer,
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

/** Weights after two epochs in the order of the rows, of `c` as a function of `a` and `b`. */
async function weightsOf(source: Dataset | StreamSource, dtype: DType): Promise<FloatArray> {
  const network = new Network<DType>({ inputs: 2, layers: [dense(8, 'tanh'), dense(1)], seed: 1, dtype }) // prettier-ignore
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: 'adam',
    batchSize: 64,
    shuffle: false,
  })
  if (source instanceof Dataset) await trainer.fit(source, { epochs: 2 })
  else await trainer.fitStream(source, { target: 'c', epochs: 2 })
  return network.parameters
}

async function gather(tables: AsyncIterable<Table>): Promise<Table> {
  const all: Table[] = []
  for await (const table of tables) all.push(table)
  return Tables.concatenate(all)
}

for (const dtype of ['float32', 'float64'] as const)
  test(`rows from memory, CSV, npy, JSON lines, Arrow and DuckDB make equal Datasets, and equal weights: ${dtype}`, async (t) => {
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
    const fromNpy = await readNpy(npy)
    compare('npy', new Dataset(fromNpy, labels))

    const trained = (table: Table) =>
      weightsOf(new Dataset(table.toMatrix(['a', 'b']), table.toMatrix(['c']), { dtype }), dtype)
    const memory = new Tables(new Map(names.map((name, j) => [name, columns[j] ?? []])))
    const weights = await trained(memory)
    t.true(weights.every(Number.isFinite))
    for (const [what, table] of Object.entries(tables))
      t.deepEqual(await trained(table), weights, what)
    const column = (j: number) => Float64Array.from({ length: rows }, (_, i) => fromNpy.data[3 * i + j] ?? NaN) // prettier-ignore
    const npyTable = new Tables(new Map(names.map((name, j) => [name, column(j)])))
    t.deepEqual(await trained(npyTable), weights, 'npy')
    const sources: Record<string, StreamSource> = {
      'a Table': memory,
      'blocks of CSV': streamCsv(csv, { blockRows: 77 }),
      'blocks of JSON lines': streamJsonLines(json, { blockRows: 77 }),
      "Arrow's Table": arrow.tableFromIPC(ipc),
      "Arrow's batches": () => arrow.tableFromIPC(ipc).batches,
      "DuckDB's result": () => connection.stream(query),
    }
    for (const [what, source] of Object.entries(sources))
      t.deepEqual(await weightsOf(source, dtype), weights, what)
  })
