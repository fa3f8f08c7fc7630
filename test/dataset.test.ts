// Over 400 lines: all that the class promises, one test for each promise and each refusal.

import test from 'ava'
import { runInNewContext } from 'node:vm'
import type { DatasetOptions, MatrixLike } from '../lib/index.js'
import { Dataset, toCategorical } from '../lib/index.js'

const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
]
const flat = [1, 2, 3, 4, 5, 6]

/** The features of a Dataset as plain numbers. */
const valuesOf = (data: Dataset) => Array.from(data.x.data)
const labelsOf = (data: Dataset) => Array.from(data.y as Int32Array)
/** Rows 0 to n - 1, whose only feature is their number. */
const numbered = (size: number, labels?: ArrayLike<number>) =>
  new Dataset(
    { data: Float64Array.from({ length: size }, (_, row) => row), shape: [size, 1] },
    labels && Int32Array.from(labels),
  )

const kinds = [
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
] as const

test('every form that rows may come in gives the same rows', (t) => {
  const forms: MatrixLike[] = [
    rows,
    rows.map((row) => Float32Array.from(row)),
    { data: Float64Array.from(flat), shape: [3, 2] },
    { data: Float64Array.from(flat), dims: [3, 2] },
    ...kinds.map((Kind) => ({ data: Kind.from(flat), shape: [3, 2] })),
  ]
  for (const form of forms) {
    const data = new Dataset(form)
    t.like(data, { rows: 3, features: 2, outputs: 0, classes: 0, y: undefined })
    t.deepEqual(data.x.shape, [3, 2])
    t.deepEqual(valuesOf(data), flat)
  }
})

test('rows keep a type that holds them exactly', (t) => {
  const stored = [
    [Float32Array, Float32Array],
    [Float64Array, Float64Array],
    [Uint8Array, Uint8Array],
    [Int8Array, Float32Array],
    [Int16Array, Float32Array],
    [Uint16Array, Float32Array],
    [Int32Array, Float64Array],
    [Uint32Array, Float64Array],
  ] as const
  for (const [Given, Stored] of stored) {
    const data = Given.from([0, 1, 100])
    t.deepEqual(new Dataset({ data, shape: [1, 3] }).x.data, Stored.from([0, 1, 100]))
  }
  t.true(new Dataset(rows).x.data instanceof Float64Array)
  const most = Uint32Array.of(2 ** 32 - 1)
  t.deepEqual(new Dataset({ data: most, shape: [1, 1] }).x.data, Float64Array.of(2 ** 32 - 1))
})

test('dtype says how features and dense targets are stored', (t) => {
  for (const data of [Float64Array.of(0.1), Float32Array.of(0.1), Uint8Array.of(1)]) {
    const single = new Dataset({ data, shape: [1, 1] }, [[0.1]], { dtype: 'float32' })
    t.deepEqual(single.x.data, Float32Array.from(data))
    t.deepEqual(single.y, { data: Float32Array.of(0.1), shape: [1, 1] })
    const double = new Dataset({ data, shape: [1, 1] }, [[0.1]], { dtype: 'float64' })
    t.deepEqual(double.x.data, Float64Array.from(data))
    t.deepEqual(double.y, { data: Float64Array.of(0.1), shape: [1, 1] })
  }
})

test('arrays of another realm are taken for what they are', (t) => {
  const foreign = runInNewContext(
    '({ x: Uint8Array.of(1, 2), labels: Int32Array.of(0, 1), bytes: Uint8Array.of(1, 0) })',
  ) as { x: Uint8Array; labels: Int32Array; bytes: Uint8Array }
  const data = new Dataset({ data: foreign.x, shape: [2, 1] }, foreign.labels)
  t.is(data.x.data[Symbol.toStringTag], 'Uint8Array')
  t.deepEqual(valuesOf(data), [1, 2])
  t.deepEqual(data.y, Int32Array.of(0, 1))
  t.deepEqual(new Dataset([[1], [2]], foreign.bytes).y, Int32Array.of(1, 0))
})

test('what is given and what is read are copies', (t) => {
  const x = Float32Array.from(flat)
  const labels = Int32Array.of(0, 1, 1)
  const weights = Float64Array.of(1, 2, 3)
  const data = new Dataset({ data: x, shape: [3, 2] }, labels, { sampleWeights: weights })
  x.fill(9)
  labels.fill(0)
  weights.fill(9)
  data.x.data.fill(9)
  ;(data.y as Int32Array).fill(0)
  data.sampleWeights?.fill(9)
  t.deepEqual(valuesOf(data), flat)
  t.deepEqual(labelsOf(data), [0, 1, 1])
  t.deepEqual(data.sampleWeights, Float64Array.of(1, 2, 3))

  const y = Float64Array.of(1, 2, 3)
  const dense = new Dataset(rows, { data: y, shape: [3, 1] })
  y.fill(9)
  t.deepEqual(dense.y, { data: Float64Array.of(1, 2, 3), shape: [3, 1] })
})

test('only a part of a larger buffer is read', (t) => {
  const data = Float32Array.from([9, 9, ...flat, 9]).subarray(2, 8)
  t.deepEqual(valuesOf(new Dataset({ data, shape: [3, 2] })), flat)
})

test('shared memory is borrowed, not copied', (t) => {
  const buffer = new SharedArrayBuffer(48)
  for (const whole of [
    new Float32Array(buffer),
    new Float64Array(buffer),
    new Uint8Array(buffer),
  ]) {
    const x = whole.subarray(0, 6)
    x.set(flat)
    const data = new Dataset({ data: x, shape: [3, 2] })
    const view = data.slice(1)
    t.deepEqual(valuesOf(data), flat)
    x[2] = 7
    t.deepEqual(valuesOf(data), [1, 2, 7, 4, 5, 6])
    t.deepEqual(valuesOf(view), [7, 4, 5, 6])
  }
})

test('shared memory of a type that is not stored, and shared labels, are copied', (t) => {
  const x = new Int16Array(new SharedArrayBuffer(2))
  const labels = new Int32Array(new SharedArrayBuffer(4))
  const data = new Dataset({ data: x, shape: [1, 1] }, labels)
  x[0] = 7
  labels[0] = 7
  t.deepEqual(valuesOf(data), [0])
  t.deepEqual(labelsOf(data), [0])
})

test('a resizable buffer may shrink or grow afterwards', (t) => {
  const Resizable = ArrayBuffer as unknown as new (
    size: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(size: number): void }
  const buffer = new Resizable(24, { maxByteLength: 48 })
  const x = new Float32Array(buffer) // as long as the buffer
  x.set(flat)
  const data = new Dataset({ data: x, shape: [3, 2] })
  buffer.resize(0)
  t.deepEqual(valuesOf(data), flat)
  t.throws(() => new Dataset({ data: x, shape: [3, 2] }), {
    instanceOf: RangeError,
    message: '`x` has 0 values, its shape [3, 2] takes 6',
  })
  buffer.resize(48)
  t.throws(() => new Dataset({ data: x, shape: [3, 2] }), {
    instanceOf: RangeError,
    message: '`x` has 12 values, its shape [3, 2] takes 6',
  })
})

test('bytes are scaled when they are read and stay bytes where nothing is to scale', (t) => {
  const data = Uint8Array.of(0, 51, 255)
  t.deepEqual(new Dataset({ data, shape: [3, 1] }).x.data, data)
  const scaled = new Dataset({ data, shape: [3, 1] }, undefined, { scale: 1 / 255 })
  t.deepEqual(scaled.x.data, Float32Array.of(0, 51 * Math.fround(1 / 255), 1))
  t.deepEqual(scaled.subset([2, 0]).x.data, Float32Array.of(1, 0))
})

test('float features are scaled, targets are not', (t) => {
  for (const Kind of [Float32Array, Float64Array]) {
    const y = [[1], [2], [3]]
    const data = new Dataset({ data: Kind.from(flat), shape: [3, 2] }, y, { scale: -0.5 })
    t.deepEqual(data.x.data, Kind.from(flat.map((value) => -0.5 * value)))
    t.deepEqual(data.y, { data: Float64Array.of(1, 2, 3), shape: [3, 1] })
  }
})

test('labels come as integers or numbers; classes are counted unless given', (t) => {
  for (const labels of [[0, 2, 1], Int32Array.of(0, 2, 1), Uint8Array.of(0, 2, 1)]) {
    const data = new Dataset(rows, labels)
    t.like(data, { classes: 3, outputs: 0 })
    t.deepEqual(data.y, Int32Array.of(0, 2, 1))
    t.is(new Dataset(rows, labels, { classes: 10 }).classes, 10)
  }
})

test('dense targets come as any matrix of as many rows', (t) => {
  const expected = { data: Float64Array.of(0, 1, 2, 3, 4, 5), shape: [3, 2] }
  const y = [
    [0, 1],
    [2, 3],
    [4, 5],
  ]
  for (const given of [y, expected, expected.data] as MatrixLike[]) {
    const data = new Dataset(rows, given)
    t.like(data, { classes: 0, outputs: 2 })
    t.deepEqual(data.y, expected)
  }
  t.deepEqual(new Dataset(rows, toCategorical([1, 0, 1])).outputs, 2)
})

test('sample weights and feature names are kept, by views too', (t) => {
  const data = new Dataset(rows, undefined, {
    sampleWeights: [0, 0.5, 2],
    featureNames: ['width', 'height'],
  })
  t.deepEqual(data.sampleWeights, Float64Array.of(0, 0.5, 2))
  t.deepEqual(data.featureNames, ['width', 'height'])
  const view = data.subset([2, 0])
  t.deepEqual(view.sampleWeights, Float64Array.of(2, 0))
  t.deepEqual(view.featureNames, ['width', 'height'])
  t.is(new Dataset(rows).sampleWeights, undefined)
  t.is(new Dataset(rows).featureNames, undefined)
})

test('a Dataset cannot be changed', (t) => {
  const data = new Dataset(rows)
  t.true(Object.isFrozen(data))
})

test('a subset has the rows asked for, in that order, as often as asked for', (t) => {
  const data = numbered(4, [0, 1, 2, 3])
  const view = data.subset([3, 1, 3])
  t.like(view, { rows: 3, classes: 4, features: 1 })
  t.deepEqual(valuesOf(view), [3, 1, 3])
  t.deepEqual(labelsOf(view), [3, 1, 3])
  t.deepEqual(valuesOf(view.subset(Uint32Array.of(1))), [1])
  t.deepEqual(valuesOf(data), [0, 1, 2, 3])
})

test('a subset of a subset of dense targets follows both', (t) => {
  const data = new Dataset(rows, [[1], [2], [3]]).subset([2, 0]).subset([1, 0])
  t.deepEqual(data.x, { data: Float64Array.of(1, 2, 5, 6), shape: [2, 2] })
  t.deepEqual(data.y, { data: Float64Array.of(1, 3), shape: [2, 1] })
})

test('slice counts as Array.prototype.slice does', (t) => {
  const data = numbered(5)
  const numbers = [0, 1, 2, 3, 4]
  for (const [begin, end] of [[0], [2], [1, 3], [-2], [1, -1], [0, 99], [-99, 2]] as const)
    t.deepEqual(valuesOf(data.slice(begin, end)), numbers.slice(begin, end))
  t.deepEqual(valuesOf(data.slice()), numbers)
  t.throws(() => data.slice(3, 3), { instanceOf: RangeError, message: 'Rows 3 to 3 of 5 are none' })
  t.throws(() => data.slice(5), { instanceOf: RangeError, message: 'Rows 5 to 5 of 5 are none' })
})

test('split deals all rows to parts that have no row in common', (t) => {
  const { train, dev, test: rest } = numbered(100).split({ train: 0.5, dev: 0.25, test: 0.25 })
  t.deepEqual([train.rows, dev.rows, rest.rows], [50, 25, 25])
  const all = [train, dev, rest].flatMap(valuesOf).sort((a, b) => a - b)
  t.deepEqual(all, valuesOf(numbered(100)))
  t.notDeepEqual(
    valuesOf(train),
    valuesOf(train).sort((a, b) => a - b),
  )
})

test('fractions that sum to one leave no row out, whatever the rounding', (t) => {
  for (let size = 3; size < 60; size++) {
    const { a, b, c } = numbered(size).split({ a: 1 / 3, b: 1 / 3, c: 1 / 3 })
    t.is(a.rows + b.rows + c.rows, size)
    for (const part of [a, b, c]) t.true(Math.abs(part.rows - size / 3) < 1)
  }
})

test('split takes numbers of rows, and parts may leave rows out', (t) => {
  const { a, b } = numbered(10).split({ a: 1, b: 3 })
  t.deepEqual([a.rows, b.rows], [1, 3])
  const { some } = numbered(10).split({ some: 0.25 })
  t.is(some.rows, 2)
  t.is(numbered(10).split({ all: 10 }).all.rows, 10)
})

test('the same seed deals the same rows, another seed others', (t) => {
  const data = numbered(50)
  const deal = (seed?: number) =>
    valuesOf(data.split({ part: 0.5 }, seed === undefined ? {} : { seed }).part)
  t.deepEqual(deal(7), deal(7))
  t.deepEqual(deal(), deal(0))
  t.notDeepEqual(deal(7), deal(8))
})

test('a stratified split gives each part its share of every class', (t) => {
  const labels = Int32Array.from({ length: 1000 }, (_, row) => (row < 700 ? 0 : row < 950 ? 1 : 2))
  const shares = [0.7, 0.25, 0.05]
  for (const seed of [0, 1, 2, 3]) {
    const parts = numbered(1000, labels).split(
      { train: 0.6, dev: 0.3, test: 0.1 },
      { seed, stratify: true },
    )
    const seen = new Set<number>()
    for (const part of Object.values(parts)) {
      for (const row of valuesOf(part)) seen.add(row)
      shares.forEach((share, label) => {
        const count = labelsOf(part).filter((one) => one === label).length
        t.true(Math.abs(count - share * part.rows) <= 2)
      })
    }
    t.is(seen.size, 1000)
  }
})

test('rows and their labels stay together in every view', (t) => {
  const labels = Int32Array.from({ length: 40 }, (_, row) => row % 4)
  const { a, b } = numbered(40, labels).split({ a: 0.5, b: 0.5 }, { stratify: true })
  for (const view of [a, b, a.slice(3), b.subset([5, 0])])
    t.deepEqual(
      labelsOf(view),
      valuesOf(view).map((row) => row % 4),
    )
})

test('a view of a view is split among its own rows', (t) => {
  const { a, b } = numbered(20).slice(10).split({ a: 0.5, b: 0.5 })
  t.deepEqual(
    [...valuesOf(a), ...valuesOf(b)].sort((x, y) => x - y),
    [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  )
})

test('a split that cannot be is refused', (t) => {
  const data = numbered(10)
  const cases: [Record<string, number>, string, 'Range' | 'Type'][] = [
    [{ a: 0.8, b: 0.3 }, 'Expected the parts to sum to at most 1, got 1.1', 'Range'],
    [{ a: 8, b: 3 }, 'Expected the parts to sum to at most 10 rows, got 11', 'Range'],
    [{ a: 0 }, 'Expected `parts.a` to be a positive number, got `0`', 'Range'],
    [{ a: -1 }, 'Expected `parts.a` to be a positive number, got `-1`', 'Range'],
    [{ a: NaN }, 'Expected `parts.a` to be a positive number, got `NaN`', 'Range'],
    [{ a: 1.5 }, 'Expected `parts.a` to be a positive integer, got `1.5`', 'Range'],
    [{ a: 0.5, b: 2 }, 'Expected `parts.a` to be a positive integer, got `0.5`', 'Range'],
    [{ a: 0.05 }, '`parts.a` is less than a row of 10', 'Range'],
    [
      { a: '1' as unknown as number },
      "Expected `parts.a` to be a positive number, got `'1'`",
      'Type',
    ],
  ]
  for (const [parts, message, kind] of cases)
    t.throws(() => data.split(parts), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message,
    })
  t.throws(() => data.split({ a: 0.5 }, { stratify: true }), {
    instanceOf: TypeError,
    message: 'Expected `stratify` to be false for a Dataset without class labels',
  })
  t.throws(() => data.split({ a: 0.5 }, { sed: 1 } as object), {
    instanceOf: TypeError,
    message: 'Unknown option `sed` for `split`; did you mean `seed`?',
  })
  t.throws(() => data.split({ a: 0.5 }, { seed: -1 }), {
    instanceOf: RangeError,
    message: 'Expected `seed` to be a non-negative integer, got `-1`',
  })
})

test('a subset of what are no rows is refused', (t) => {
  const data = numbered(4)
  const cases: [ArrayLike<number>, string][] = [
    [[], '`indices` is empty'],
    [[0, 4], 'Expected `indices[1]` to be a row from 0 to 3, got `4`'],
    [[-1], 'Expected `indices[0]` to be a row from 0 to 3, got `-1`'],
    [[0.5], 'Expected `indices[0]` to be a row from 0 to 3, got `0.5`'],
    [[NaN], 'Expected `indices[0]` to be a row from 0 to 3, got `NaN`'],
    [[2 ** 32], 'Expected `indices[0]` to be a row from 0 to 3, got `4294967296`'],
  ]
  for (const [indices, message] of cases)
    t.throws(() => data.subset(indices), { instanceOf: RangeError, message })
})

test('a value that is not finite is named by row and column', (t) => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (const Kind of [Float32Array, Float64Array]) {
      const data = Kind.from(flat)
      data[3] = bad
      t.throws(() => new Dataset({ data, shape: [3, 2] }), {
        instanceOf: RangeError,
        message: 'Expected `x` to be finite, got NaN or infinity in row 1, column 1',
      })
      t.throws(() => new Dataset(rows, { data, shape: [3, 2] }), {
        instanceOf: RangeError,
        message: 'Expected `y` to be finite, got NaN or infinity in row 1, column 1',
      })
    }
  }
  t.throws(() => new Dataset([[1e300]], undefined, { dtype: 'float32' }), {
    instanceOf: RangeError,
    message: 'Expected `x` to be finite, got NaN or infinity in row 0, column 0',
  })
})

test('the first bad value among many is named', (t) => {
  const data = new Float32Array(1000 * 37)
  data[777 * 37 + 36] = NaN
  data[900 * 37] = NaN
  t.throws(() => new Dataset({ data, shape: [1000, 37] }), {
    message: 'Expected `x` to be finite, got NaN or infinity in row 777, column 36',
  })
})

const untyped = (x: unknown, y?: unknown, options?: unknown) =>
  new Dataset(x as MatrixLike, y as MatrixLike, options as DatasetOptions)

test('rows that are no matrix are refused', (t) => {
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [[], '`x` has no rows, so its columns are unknown', 'Range'],
    [{ data: new Float32Array(0), shape: [0, 2] }, '`x` has no rows', 'Range'],
    [[[]], '`x` has no columns', 'Range'],
    [[[1, 2], [3]], '`x[1]` has 1 column, `x[0]` has 2', 'Range'],
    [[[1], ['2']], "Expected `x[1][0]` to be a number, got `'2'`", 'Type'],
    [[[1], null], 'Expected `x[1]` to be a row of numbers, got `null`', 'Type'],
    [
      { data: new Float32Array(5), shape: [3, 2] },
      '`x` has 5 values, its shape [3, 2] takes 6',
      'Range',
    ],
    [
      { data: new Float32Array(6), shape: [6] },
      'Expected `x.shape` to be [rows, columns], got `[6]`',
      'Range',
    ],
    [
      { data: new Float32Array(6), shape: [-3, -2] },
      'Expected `x.shape` to be [rows, columns], got `[-3, -2]`',
      'Range',
    ],
    [
      { data: [1, 2], shape: [1, 2] },
      'Expected `x.data` to be a Float32Array, Float64Array or an integer array of up to 32 bits, ' +
        'got `Array(2)`',
      'Type',
    ],
    [
      { data: new BigInt64Array(2), shape: [1, 2] },
      'Expected `x.data` to be an array of numbers, got `BigInt64Array(2)`; ' +
        'convert it: Float64Array.from(x.data, Number)',
      'Type',
    ],
    [
      new Float32Array(6),
      'Expected `x` to be a matrix, got `Float32Array(6)`; ' +
        'say its columns: { data, shape: [rows, columns] }',
      'Range',
    ],
    [
      [1, 2],
      'Expected `x` to be an array of rows, got `Array(2)` of plain numbers; ' +
        'write [[...]] for one row, or use a typed array',
      'Type',
    ],
    ...(
      [
        [null, 'null'],
        [undefined, 'undefined'],
        ['rows', "'rows'"],
        [5, '5'],
        [{}, 'Object'],
      ] as const
    ).map(([x, shown]): [unknown, string, 'Type'] => [
      x,
      'Expected `x` to be a matrix: { data, shape: [rows, columns] }, ' +
        `an array of rows or a typed array, got \`${shown}\``,
      'Type',
    ]),
  ]
  for (const [x, message, kind] of cases)
    t.throws(() => untyped(x), { instanceOf: kind === 'Range' ? RangeError : TypeError, message })
})

test('targets that do not fit the rows are refused', (t) => {
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [[0, 1], '`y` has 2 labels, `x` has 3 rows', 'Range'],
    [Int32Array.of(0, 1, 0, 1), '`y` has 4 labels, `x` has 3 rows', 'Range'],
    [[0, 1, -1], 'Expected `y[2]` to be a class index (0, 1, 2, ...), got `-1`', 'Range'],
    [[0, 1, 0.5], 'Expected `y[2]` to be a class index (0, 1, 2, ...), got `0.5`', 'Range'],
    [[0, 1, NaN], 'Expected `y[2]` to be a class index (0, 1, 2, ...), got `NaN`', 'Range'],
    [
      [0, 1, 2 ** 31],
      'Expected `y[2]` to be a class index (0, 1, 2, ...), got `2147483648`',
      'Range',
    ],
    [[0, '1', 0], "Expected `y[1]` to be a class index, got `'1'`", 'Type'],
    [
      Int32Array.of(0, -7, 0),
      'Expected `y[1]` to be a class index (0, 1, 2, ...), got `-7`',
      'Range',
    ],
    [[[1], [2]], '`y` has 2 rows, `x` has 3', 'Range'],
    [new Float32Array(4), '`y` has 4 values, `x` has 3 rows', 'Range'],
    [new Float32Array(0), '`y` has 0 values, `x` has 3 rows', 'Range'],
    [[[1, 2], [3], [4]], '`y[1]` has 1 column, `y[0]` has 2', 'Range'],
  ]
  for (const [y, message, kind] of cases)
    t.throws(() => untyped(rows, y), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message,
    })
})

test('labels beyond the classes are refused', (t) => {
  const message = 'Expected `y[1]` to be a class index from 0 to 2, got `3`'
  for (const y of [[0, 3, 1], Int32Array.of(0, 3, 1), Uint8Array.of(0, 3, 1)])
    t.throws(() => new Dataset(rows, y, { classes: 3 }), { instanceOf: RangeError, message })
  const withoutLabels = {
    instanceOf: TypeError,
    message: 'Expected `classes` to be given with class labels only',
  }
  t.throws(() => new Dataset(rows, [[1], [2], [3]], { classes: 3 }), withoutLabels)
  t.throws(() => new Dataset(rows, undefined, { classes: 3 }), withoutLabels)
})

test('an array that was transferred away is refused', (t) => {
  const transferred = <A extends Float32Array | Int32Array>(array: A): A => {
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] })
    return array
  }
  const message = (name: string) =>
    `Expected \`${name}\` to own its memory, got an array that was transferred`
  t.throws(() => new Dataset({ data: transferred(Float32Array.from(flat)), shape: [3, 2] }), {
    instanceOf: TypeError,
    message: message('x.data'),
  })
  t.throws(() => new Dataset(rows, { data: transferred(new Float32Array(3)), shape: [3, 1] }), {
    instanceOf: TypeError,
    message: message('y.data'),
  })
  t.throws(() => new Dataset([transferred(Float32Array.of(1)), [2]]), {
    instanceOf: TypeError,
    message: message('x[0]'),
  })
  t.throws(() => new Dataset(rows, transferred(Int32Array.of(0, 1, 0))), {
    instanceOf: RangeError,
    message: '`y` has 0 labels, `x` has 3 rows',
  })
})

test('wrong options are named', (t) => {
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [{ scal: 2 }, 'Unknown option `scal` for `Dataset`; did you mean `scale`?', 'Type'],
    [
      { weights: [1, 1, 1] },
      'Unknown option `weights` for `Dataset`; known: `classes`, `scale`, `sampleWeights`, `featureNames`, `dtype`',
      'Type',
    ],
    [null, 'Expected `Dataset options` to be an object, got `null`', 'Type'],
    [
      { scale: 0 },
      'Expected `scale` to be a number of a size from 1e-30 to 1e30, got `0`',
      'Range',
    ],
    [
      { scale: NaN },
      'Expected `scale` to be a number of a size from 1e-30 to 1e30, got `NaN`',
      'Range',
    ],
    [
      { scale: '2' },
      "Expected `scale` to be a number of a size from 1e-30 to 1e30, got `'2'`",
      'Type',
    ],
    [{ classes: 0 }, 'Expected `classes` to be a positive integer, got `0`', 'Range'],
    [{ classes: 2.5 }, 'Expected `classes` to be a positive integer, got `2.5`', 'Range'],
    [
      { dtype: 'float16' },
      "Expected `dtype` to be 'float32' or 'float64', got `'float16'`",
      'Range',
    ],
    [{ sampleWeights: [1, 2] }, '`sampleWeights` has 2 entries, `x` has 3 rows', 'Range'],
    [
      { sampleWeights: [1, -1, 1] },
      'Expected `sampleWeights[1]` to be a non-negative number, got `-1`',
      'Range',
    ],
    [
      { sampleWeights: [1, 1, NaN] },
      'Expected `sampleWeights[2]` to be a non-negative number, got `NaN`',
      'Range',
    ],
    [
      { sampleWeights: [Infinity, 1, 1] },
      'Expected `sampleWeights[0]` to be a non-negative number, got `Infinity`',
      'Range',
    ],
    [
      { sampleWeights: null },
      'Expected `sampleWeights` to be an array of numbers, got `null`',
      'Type',
    ],
    [{ sampleWeights: 3 }, 'Expected `sampleWeights` to be an array of numbers, got `3`', 'Type'],
    [{ featureNames: ['a'] }, '`featureNames` has 1 names, `x` has 2 columns', 'Range'],
    [
      { featureNames: [1, 2] },
      'Expected `featureNames` to be an array of strings, got `Array(2)`',
      'Type',
    ],
  ]
  for (const [options, message, kind] of cases)
    t.throws(() => untyped(rows, [0, 1, 0], options), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message,
    })
})
