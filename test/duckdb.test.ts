import { DuckDBInstance } from '@duckdb/node-api'
import test from 'ava'
import type { Column } from '../lib/index.js'
import { streamDuckDB, Table, tableFromDuckDB } from '../lib/index.js'

const connection = await (await DuckDBInstance.create(':memory:')).connect()
const run = async (query: string) => tableFromDuckDB(await connection.runAndReadAll(query))
const day = Date.UTC(2024, 0, 31)

const numbers = (values: Extract<Column, { type: 'number' }>['values']): Column => ({
  type: 'number',
  values,
})
const cases: readonly [expressions: string, column: Column][] = [
  ['1::TINYINT', numbers(Int8Array.of(1))],
  ['1::TINYINT, NULL', numbers(Float32Array.of(1, NaN))],
  ['1::USMALLINT, 65535::USMALLINT', numbers(Uint16Array.of(1, 65535))],
  ['1::INTEGER, 2', numbers(Int32Array.of(1, 2))],
  ['1::INTEGER, NULL', numbers(Float64Array.of(1, NaN))],
  ['1::BIGINT, NULL, 9007199254740991', numbers(Float64Array.of(1, NaN, 2 ** 53 - 1))],
  ['1::UBIGINT', numbers(Float64Array.of(1))],
  ['-1::HUGEINT, NULL', numbers(Float64Array.of(-1, NaN))],
  ['0.5::FLOAT, NULL', numbers(Float32Array.of(0.5, NaN))],
  ['0.1::DOUBLE, 0.2', numbers(Float64Array.of(0.1, 0.2))],
  ['19.99::DECIMAL(4, 2), NULL', numbers(Float64Array.of(19.99, NaN))],
  ['19.99::DECIMAL(9, 2)', numbers(Float64Array.of(19.99))],
  ['-0.05::DECIMAL(18, 2)', numbers(Float64Array.of(-0.05))],
  ['19.99::DECIMAL(38, 2)', numbers(Float64Array.of(19.99))],
  ['true, NULL, false', numbers(Float32Array.of(1, NaN, 0))],
  ['true, false', numbers(Uint8Array.of(1, 0))],
  ["'x', NULL, 'é', 'x'", { type: 'category', codes: Int32Array.of(0, -1, 1, 0), categories: ['x', 'é'] }],
  ["'b'::ENUM('a', 'b'), NULL", { type: 'category', codes: Int32Array.of(1, -1), categories: ['a', 'b'] }],
  ["DATE '2024-01-31', NULL", { type: 'date', values: Float64Array.of(day, NaN) }],
  ["TIMESTAMP '1969-12-31 23:59:59.9995'", { type: 'date', values: Float64Array.of(-1) }],
  ["TIMESTAMP '2024-01-31 00:00:01.5'", { type: 'date', values: Float64Array.of(day + 1500) }],
  ["TIMESTAMP_S '2024-01-31 00:00:01'", { type: 'date', values: Float64Array.of(day + 1000) }],
  ["TIMESTAMP_MS '2024-01-31 00:00:01.5'", { type: 'date', values: Float64Array.of(day + 1500) }],
  ["TIMESTAMP_NS '2024-01-31 00:00:01.5'", { type: 'date', values: Float64Array.of(day + 1500) }],
  ["TIMESTAMPTZ '2024-01-31 00:00:00+00'", { type: 'date', values: Float64Array.of(day) }],
] // prettier-ignore
for (const [expressions, expected] of cases)
  test.serial(`DuckDB's ${expressions} are taken`, async (t) => {
    const values = expressions.split(', ')
    // Commas within parentheses stay.
    const cells = expressions.includes('(') ? [expressions.replace(/, NULL$/, ''), ...(expressions.endsWith(', NULL') ? ['NULL'] : [])] : values // prettier-ignore
    const first = `(${cells[0] ?? ''})`
    const query = cells
      .map(
        (cell, i) => `select ${i === 0 ? first : cell === 'NULL' ? 'NULL' : cell} as a, ${i} as i`,
      )
      .join(' union all ')
    const table = await run(`select a from (${query}) order by i`)
    t.deepEqual(table.column('a'), expected)
  })

const many = `select i::DOUBLE / 7 as x, case when i % 5 = 0 then null else 'k' || (i % 3) end as k
  from range(10000) t(i) order by i`

test.serial('a result of many chunks is one table, whichever way it is given', async (t) => {
  const reader = await run(many)
  t.is(reader.rows, 10_000)
  t.deepEqual(reader.row(9998), { x: 9998 / 7, k: 'k2' })
  t.deepEqual(reader.row(9995), { x: 9995 / 7, k: null })
  const result = tableFromDuckDB(await connection.run(many))
  for (const name of ['x', 'k']) t.deepEqual(result.column(name), reader.column(name))
})

test.serial('a streaming result gives a table for each chunk', async (t) => {
  const tables: Table[] = []
  for await (const table of streamDuckDB(await connection.stream(many))) tables.push(table)
  t.true(tables.length > 1)
  const whole = await run(many)
  for (const name of ['x', 'k'])
    t.deepEqual(Table.concatenate(tables).column(name), whole.column(name))
  const streaming = await connection.stream(many)
  t.throws(() => tableFromDuckDB(streaming as never), {
    instanceOf: TypeError,
    message: /stream others with `streamDuckDB`/,
  })
})

test.serial('a chunk has the names that are given', async (t) => {
  const chunk = await (await connection.stream('select 1 as a, 2 as b')).fetchChunk()
  if (chunk === null) return t.fail()
  t.deepEqual(tableFromDuckDB(chunk, ['x', 'y']).row(0), { x: 1, y: 2 })
  t.deepEqual(tableFromDuckDB(chunk).row(0), { column1: 1, column2: 2 })
})

test.serial('values stay when the chunk they came from is gone', async (t) => {
  const table = await run('select i::DOUBLE as x from range(5000) t(i)')
  for (let i = 0; i < 20; i++) await connection.run('select random() from range(50000)')
  const column = table.column('x')
  t.true(column.type === 'number' && column.values.every((value, i) => value === i))
})

test.serial(
  'a result that holds all rows can be streamed again, and from the first row',
  async (t) => {
    const result = await connection.run(many)
    await result.fetchChunk()
    for (let pass = 0; pass < 2; pass++) {
      const tables: Table[] = []
      for await (const table of streamDuckDB(result)) tables.push(table)
      t.deepEqual(Table.concatenate(tables), tableFromDuckDB(result))
      t.is(Table.concatenate(tables).rows, 10_000)
    }
  },
)

test.serial('columns of one name are refused, for one would hide the other', async (t) => {
  await t.throwsAsync(run('select 1 as a, 2 as b, 3 as a'), {
    instanceOf: RangeError,
    message: "Two columns have the name 'a'; rename one of them",
  })
})

test.serial('a query without rows has its columns', async (t) => {
  const table = await run('select 1 as a where false')
  t.is(table.rows, 0)
  t.deepEqual(table.names, ['a'])
})

test.serial('what a Table cannot hold is refused with the name of the column', async (t) => {
  await t.throwsAsync(run('select 9007199254740993 as a'), {
    instanceOf: RangeError,
    message: /^Column 'a', row 0: 9007199254740993 is beyond 2\^53/,
  })
  await t.throwsAsync(run('select [1, 2] as a'), {
    instanceOf: TypeError,
    message: "Column 'a' is of DuckDB's type INTEGER[], which a Table does not hold; cast it",
  })
  await t.throwsAsync(run("select 'infinity'::DATE as a"), { instanceOf: RangeError })
  for (const value of [5, null, {}, []]) {
    t.throws(() => tableFromDuckDB(value as never), { instanceOf: TypeError })
    t.throws(() => streamDuckDB(value as never), { instanceOf: TypeError })
  }
})
