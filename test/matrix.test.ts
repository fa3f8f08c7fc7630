import test from 'ava'
import { runInNewContext } from 'node:vm'
import { toCategorical, toLabels } from '../lib/categorical.js'
import { logspace } from '../lib/experiments/logspace.js'
import { toMatrix } from '../lib/matrix.js'

test('typed arrays are taken as they are, never copied', (t) => {
  for (const Kind of [
    Float32Array,
    Float64Array,
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Buffer,
  ]) {
    const data = Kind.from([1, 2, 3, 4, 5, 6])
    for (const value of [data, { data, shape: [2, 3] }, { data, dims: [2, 3] }]) {
      const matrix = toMatrix('x', value, 3)
      t.is(matrix.data, data)
      t.like(matrix, { rows: 2, columns: 3 })
    }
  }
})

test('an array of rows becomes one Float64Array', (t) => {
  const matrix = toMatrix('x', [[1, 2.5], Float32Array.of(3, -4)])
  t.deepEqual(matrix, { data: Float64Array.of(1, 2.5, 3, -4), rows: 2, columns: 2 })
})

test('a typed array of another realm is one too', (t) => {
  const data: unknown = runInNewContext('Float32Array.of(1, 2)')
  t.is(toMatrix('x', data, 2).rows, 1)
  t.is(toMatrix('x', runInNewContext('[[1, 2]]')).rows, 1)
})

test('no rows are fine where the columns are known', (t) => {
  t.like(toMatrix('x', [], 3), { rows: 0, columns: 3 })
  t.like(toMatrix('x', { data: new Float32Array(0), shape: [0, 3] }), { rows: 0, columns: 3 })
})

const wrong: Record<string, [value: unknown, columns: number | undefined, message: string]> = {
  'another number of columns': [[[1, 2, 3]], 4, '`x` has 3 columns, the network takes 4'],
  'a flat array of another length': [
    new Float32Array(10),
    4,
    '`x` has 10 values, not a multiple of the 4 columns the network takes',
  ],
  'a flat array of unknown columns': [
    new Float32Array(10),
    undefined,
    'Expected `x` to be a matrix, got `Float32Array(10)`; ' +
      'say its columns: { data, shape: [rows, columns] }',
  ],
  'a flat array of numbers': [
    [1, 2, 3],
    3,
    'Expected `x` to be an array of rows, got `Array(3)` of plain numbers; ' +
      'write [[...]] for one row, or use a typed array',
  ],
  'ragged rows': [[[1, 2], [3]], undefined, '`x[1]` has 1 column, `x[0]` has 2'],
  'an entry that is no number': [
    [
      [1, 2],
      [3, '4'],
    ],
    undefined,
    "Expected `x[1][1]` to be a number, got `'4'`",
  ],
  'a row that is no row': [
    [[1], null],
    undefined,
    'Expected `x[1]` to be a row of numbers, got `null`',
  ],
  'a hole in a row': [[Array(2)], undefined, 'Expected `x[0][0]` to be a number, got `undefined`'],
  'no rows and no columns': [[], undefined, '`x` has no rows, so its columns are unknown'],
  'rows without columns': [[[]], undefined, '`x` has no columns'],
  'a shape that is not the length': [
    { data: new Float32Array(10), shape: [2, 6] },
    undefined,
    '`x` has 10 values, its shape [2, 6] takes 12',
  ],
  'three dimensions': [
    { data: new Float32Array(10), shape: [2, 5, 1] },
    undefined,
    'Expected `x.shape` to be [rows, columns], got `[2, 5, 1]`',
  ],
  'negative sizes': [
    { data: new Float32Array(10), shape: [-2, -5] },
    undefined,
    'Expected `x.shape` to be [rows, columns], got `[-2, -5]`',
  ],
  'a shape that is none': [
    { data: new Float32Array(10), shape: 'tall' },
    undefined,
    "Expected `x.shape` to be [rows, columns], got `'tall'`",
  ],
  'a transposed view': [
    { data: new Float32Array(4), shape: [2, 2], stride: [1, 2], offset: 0 },
    undefined,
    'Expected `x` to be row-major without gaps, got strides or an offset; copy it first',
  ],
  '64-bit integers': [
    { data: new BigInt64Array(4), shape: [2, 2] },
    undefined,
    'Expected `x.data` to be an array of numbers, got `BigInt64Array(4)`; ' +
      'convert it: Float64Array.from(x.data, Number)',
  ],
  'clamped bytes': [
    new Uint8ClampedArray(4),
    2,
    'Expected `x` to be a Float32Array, Float64Array or an integer array of up to 32 bits, ' +
      'got `Uint8ClampedArray(4)`',
  ],
  'data that are no typed array': [
    { data: [1, 2], shape: [1, 2] },
    undefined,
    'Expected `x.data` to be a Float32Array, Float64Array or an integer array of up to 32 bits, ' +
      'got `Array(2)`',
  ],
  'anything else': [
    'abc',
    undefined,
    'Expected `x` to be a matrix: { data, shape: [rows, columns] }, an array of rows or ' +
      "a typed array, got `'abc'`",
  ],
}

for (const [what, [value, columns, message]] of Object.entries(wrong))
  test(`rows are refused: ${what}`, (t) => {
    t.throws(() => toMatrix('x', value, columns), { message })
  })

test('an array whose memory was transferred away is refused', (t) => {
  const data = new Float32Array(4)
  structuredClone(data, { transfer: [data.buffer] })
  const message = /^Expected `x(\.data)?` to own its memory/
  t.throws(() => toMatrix('x', data, 2), { instanceOf: TypeError, message })
  t.throws(() => toMatrix('x', { data, shape: [2, 2] }), { instanceOf: TypeError, message })
})

test('an array whose resizable memory shrank is measured as it is now', (t) => {
  const buffer: unknown = runInNewContext('new ArrayBuffer(16, { maxByteLength: 32 })')
  const resizable = buffer as ArrayBuffer & { resize(length: number): void }
  const fixed = new Float32Array(resizable, 0, 4)
  const tracking = new Float32Array(resizable)
  resizable.resize(8)
  t.throws(() => toMatrix('x', { data: fixed, shape: [2, 2] }), { instanceOf: RangeError })
  t.throws(() => toMatrix('x', { data: tracking, shape: [2, 2] }), { instanceOf: RangeError })
  t.is(toMatrix('x', tracking, 2).rows, 1)
})

test('labels become one-hot rows', (t) => {
  const hot = { data: Float32Array.of(1, 0, 0, 0, 0, 1), shape: [2, 3] as const }
  t.deepEqual(toCategorical([0, 2]), hot)
  t.deepEqual(toCategorical(Uint8Array.of(0, 2)), hot)
  t.deepEqual(toCategorical(Int32Array.of(0, 2), 3), hot)
  t.deepEqual(toCategorical([], 2), { data: new Float32Array(0), shape: [0, 2] })
})

test('a label that is no class index is named', (t) => {
  const throws = (labels: unknown, classes: number | undefined, message: string) =>
    t.throws(() => toLabels('labels', labels, classes), { message })
  throws([0, 2], 2, 'Expected `labels[1]` to be a class index from 0 to 1, got `2`')
  throws([0, 0.5], undefined, 'Expected `labels[1]` to be a class index (0, 1, 2, ...), got `0.5`')
  throws([-1], undefined, 'Expected `labels[0]` to be a class index (0, 1, 2, ...), got `-1`')
  throws([2 ** 32], 2, 'Expected `labels[0]` to be a class index (0, 1, 2, ...), got `4294967296`')
  throws(['0'], undefined, "Expected `labels[0]` to be a class index, got `'0'`")
  throws([], undefined, '`labels` is empty, so the number of classes is unknown; set `classes`')
  throws([0], 0, 'Expected `classes` to be a positive integer, got `0`')
  throws(
    new Float32Array(2),
    undefined,
    'Expected `labels` to be class indices: an Int32Array, a Uint8Array or an array of numbers, ' +
      'got `Float32Array(2)`',
  )
})

test('logspace walks the decades exactly, both ends included', (t) => {
  t.deepEqual(logspace(-5, 1, 7), [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10])
  t.deepEqual(logspace(1, -1, 3), [10, 1, 0.1])
  t.deepEqual(logspace(0, 1, 3), [1, 10 ** 0.5, 10])
  t.deepEqual(logspace(2, 5, 1), [100])
  t.deepEqual(logspace(2, 5, 0), [])
})

test('logspace refuses what is no range', (t) => {
  const message = /^Expected `(start|stop|count)` to be/
  t.throws(() => logspace(NaN, 1, 3), { instanceOf: RangeError, message })
  t.throws(() => logspace(0, Infinity, 3), { instanceOf: RangeError, message })
  t.throws(() => logspace(0, 1, 2.5), { instanceOf: RangeError, message })
  t.throws(() => logspace(0, 1, -1), { instanceOf: RangeError, message })
  // @ts-expect-error: what JavaScript can pass
  t.throws(() => logspace('0', 1, 3), { instanceOf: TypeError, message })
  // @ts-expect-error: what JavaScript can pass
  t.throws(() => logspace(0, 1), { instanceOf: TypeError, message })
})
