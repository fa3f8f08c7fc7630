import * as arrow from 'apache-arrow'
import test from 'ava'
import type { Table } from '../lib/index.js'
import {
  dense,
  Model,
  Network,
  OneHotEncoder,
  Pipeline,
  StandardScaler,
  tableFromArrow,
} from '../lib/index.js'

/** One column of this type, after a journey through the IPC format if asked for. */
function column(type: arrow.DataType, values: readonly unknown[], viaFile = false) {
  const vector = arrow.vectorFromArray(values, type)
  const table = new arrow.Table({ a: vector })
  const source = viaFile ? arrow.tableFromIPC(arrow.tableToIPC(table)) : table
  return tableFromArrow(source).column('a')
}

test('numbers without gaps are taken without a copy', (t) => {
  const values = Float32Array.of(1, 2, 3)
  const taken = tableFromArrow(arrow.tableFromArrays({ a: values })).column('a')
  t.is(taken.type === 'number' && taken.values.buffer, values.buffer)
  const source = arrow.tableFromArrays({ a: Int16Array.of(1, 2, 3) }).slice(1)
  t.deepEqual(tableFromArrow(source).column('a'), { type: 'number', values: Int16Array.of(2, 3) })
})

const day = Date.UTC(2024, 0, 31)
const cases: readonly [what: string, type: arrow.DataType, values: unknown[], column: object][] = [
  ['int8', new arrow.Int8(), [1, -2], { type: 'number', values: Int8Array.of(1, -2) }],
  ['int8 with gaps', new arrow.Int8(), [1, null], { type: 'number', values: Float32Array.of(1, NaN) }],
  ['int32 with gaps', new arrow.Int32(), [null, 2 ** 30 + 1], { type: 'number', values: Float64Array.of(NaN, 2 ** 30 + 1) }],
  ['uint32', new arrow.Uint32(), [2 ** 32 - 1], { type: 'number', values: Uint32Array.of(2 ** 32 - 1) }],
  ['int64', new arrow.Int64(), [1n, -(2n ** 53n) + 1n], { type: 'number', values: Float64Array.of(1, -(2 ** 53) + 1) }],
  ['int64 with gaps', new arrow.Int64(), [1n, null], { type: 'number', values: Float64Array.of(1, NaN) }],
  ['float16', new arrow.Float16(), [0.5, -2], { type: 'number', values: Float32Array.of(0.5, -2) }],
  ['float32 with gaps', new arrow.Float32(), [0.5, null], { type: 'number', values: Float32Array.of(0.5, NaN) }],
  ['float64', new arrow.Float64(), [0.1, NaN], { type: 'number', values: Float64Array.of(0.1, NaN) }],
  ['bool', new arrow.Bool(), [true, false, true], { type: 'number', values: Uint8Array.of(1, 0, 1) }],
  ['bool with gaps', new arrow.Bool(), [true, null], { type: 'number', values: Float32Array.of(1, NaN) }],
  ['utf8', new arrow.Utf8(), ['x', null, 'é', 'x'], { type: 'category', codes: Int32Array.of(0, -1, 1, 0), categories: ['x', 'é'] }],
  ['a dictionary', new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()), ['x', 'y', null, 'x'], { type: 'category', codes: Int32Array.of(0, 1, -1, 0), categories: ['x', 'y'] }],
  ['days', new arrow.DateDay(), [new Date(day), null], { type: 'date', values: Float64Array.of(day, NaN) }],
  ['dates', new arrow.DateMillisecond(), [new Date(day)], { type: 'date', values: Float64Array.of(day) }],
  ['seconds', new arrow.TimestampSecond(), [day, null], { type: 'date', values: Float64Array.of(day, NaN) }],
  ['milliseconds', new arrow.TimestampMillisecond(), [day + 1], { type: 'date', values: Float64Array.of(day + 1) }],
  ['microseconds', new arrow.TimestampMicrosecond(), [day + 1], { type: 'date', values: Float64Array.of(day + 1) }],
  ['nanoseconds', new arrow.TimestampNanosecond(), [day], { type: 'date', values: Float64Array.of(day) }],
  ['nulls', new arrow.Null(), [null, null], { type: 'number', values: Float32Array.of(NaN, NaN) }],
] // prettier-ignore
for (const [what, type, values, expected] of cases)
  test(`a column of ${what} is taken, straight and from a file`, (t) => {
    t.deepEqual(column(type, values), expected as ReturnType<Table['column']>)
    t.deepEqual(column(type, values, true), expected as ReturnType<Table['column']>)
  })

test('decimals are the numbers that their digits say', (t) => {
  const words = (integer: bigint) =>
    [0n, 32n, 64n, 96n].map((bit) => Number(BigInt.asUintN(32, integer >> bit)))
  const make = (...integers: bigint[]) =>
    new arrow.Table({
      a: arrow.makeVector(
        arrow.makeData({
          type: new arrow.Decimal(2, 38),
          length: integers.length,
          nullCount: 0,
          data: Uint32Array.from(integers.flatMap(words)),
        }),
      ),
    })
  t.deepEqual(tableFromArrow(make(1999n, -5n)).column('a'), {
    type: 'number',
    values: Float64Array.of(19.99, -0.05),
  })
  t.throws(() => tableFromArrow(make(10n ** 20n)), { instanceOf: RangeError })
})

test('the pieces of a column are joined, also with dictionaries of their own', (t) => {
  const batches = [
    arrow.tableFromArrays({ a: Float64Array.of(1, 2), b: ['x', 'y'] }),
    arrow.tableFromArrays({ a: Float64Array.of(3), b: ['z'] }),
    arrow.tableFromArrays({ a: Float64Array.of(4, 5), b: ['y', 'x'] }),
  ]
  const [first, ...others] = batches
  if (first === undefined) return t.fail()
  const source = first.concat(...others)
  t.true(source.batches.length > 1)
  const table = tableFromArrow(source)
  t.deepEqual(table.column('a'), { type: 'number', values: Float64Array.of(1, 2, 3, 4, 5) })
  t.deepEqual(
    Array.from({ length: 5 }, (_, row) => table.row(row).b),
    ['x', 'y', 'z', 'y', 'x'],
  )
  // Each batch alone, and any rows of all.
  t.deepEqual(tableFromArrow(source.batches[2] ?? source).row(1), { a: 5, b: 'x' })
  for (let begin = 0; begin < 5; begin++)
    t.deepEqual(tableFromArrow(source.slice(begin)).row(0), table.row(begin))
})

test('bits that do not begin with a byte are read where they are', (t) => {
  const values = Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? null : i % 2 === 0))
  const all = new arrow.Table({ a: arrow.vectorFromArray(values, new arrow.Bool()) })
  for (const begin of [0, 1, 7, 8, 13]) {
    const table = tableFromArrow(all.slice(begin, begin + 11))
    for (let row = 0; row < table.rows; row++) {
      const value = values[begin + row] ?? null
      t.is(table.row(row).a, value === null ? null : Number(value))
    }
  }
})

test('what float64 cannot hold, or a Table at all, is refused with the name of the column', (t) => {
  t.throws(() => column(new arrow.Int64(), [0n, 2n ** 53n + 1n]), {
    instanceOf: RangeError,
    message: /^Column 'a', row 1: 9007199254740993 is beyond 2\^53/,
  })
  const list = new arrow.List(new arrow.Field('item', new arrow.Float64()))
  t.throws(() => column(list, [[1, 2]]), {
    instanceOf: TypeError,
    message: "Column 'a' is of Arrow's type List<Float64>, which a Table does not hold",
  })
  for (const value of [5, null, {}, []])
    t.throws(() => tableFromArrow(value as never), {
      message: /^Expected `source` to be an Arrow Table or RecordBatch/,
    })
})

test('a table without rows has its columns', (t) => {
  const source = arrow.tableFromArrays({ a: new Float64Array(0) })
  t.is(tableFromArrow(source).rows, 0)
})

test('columns of one name are refused, for one would hide the other', (t) => {
  const field = new arrow.Field('a', new arrow.Int8())
  const data = arrow.makeData({ type: new arrow.Int8(), data: Int8Array.of(1, 2) })
  const struct = new arrow.Struct([field, field])
  const rows = arrow.makeData({ type: struct, length: 2, children: [data, data] })
  const batch = new arrow.RecordBatch(new arrow.Schema([field, field]), rows)
  t.throws(() => tableFromArrow(batch), {
    instanceOf: RangeError,
    message: "Two columns have the name 'a'; rename one of them",
  })
})

test('a pipeline and a model take tables and batches of Arrow as they take Tables', (t) => {
  const source = arrow.tableFromArrays({ age: [39, 50, 28], job: ['cook', 'clerk', 'cook'] })
  const table = tableFromArrow(source)
  const options = { columns: { age: new StandardScaler(), job: new OneHotEncoder() } }
  const pipeline = new Pipeline(options).fit(source)
  const [batch] = source.batches
  if (batch === undefined) return t.fail()
  for (const rows of [source, batch])
    t.deepEqual(pipeline.transform(rows).x, pipeline.transform(table).x)
  t.deepEqual(Pipeline.infer(source).fitTransform(source).x, Pipeline.infer(table).fitTransform(table).x) // prettier-ignore
  const model = new Model(pipeline, new Network({ inputs: 3, layers: [dense(2)] }))
  t.deepEqual(model.predict(source), model.predict(table))
})
