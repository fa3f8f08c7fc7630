import test from 'ava'
import { readFileSync } from 'node:fs'
import type { ColumnLike, Features } from '../lib/index.js'
import {
  DatetimeEncoder,
  GemmnetError,
  LabelEncoder,
  MinMaxScaler,
  OneHotEncoder,
  OrdinalEncoder,
  readCsv,
  RobustScaler,
  SimpleImputer,
  StandardScaler,
  Table,
} from '../lib/index.js'
import { quantiles } from '../lib/preparation/quantiles.js'
import { distance, rounding } from './helpers/compare.js'
import { randomNumbers, randomRows } from './helpers/data.js'
import { runInChild } from './helpers/run.js'

// Transformers for themselves: against scikit-learn, and what has to hold of any.

const classes = {
  StandardScaler,
  MinMaxScaler,
  RobustScaler,
  OneHotEncoder,
  OrdinalEncoder,
  SimpleImputer,
  DatetimeEncoder,
}
type Name = keyof typeof classes
type Columns = Readonly<Record<string, (number | null)[] | (string | null)[]>>

interface Case {
  readonly transformer: Exclude<Name, 'DatetimeEncoder'>
  readonly options: object
  readonly fit: readonly Columns[]
  readonly transform: Columns
  readonly made: readonly (readonly (number | string | null)[])[]
  readonly names: readonly string[]
  readonly inverse: readonly (readonly (number | string | null)[])[] | null
}

const fixture = new URL('../../test/fixtures/preparation/transformed.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: readonly Case[] }

const rowsOf = (table: Table) =>
  Array.from({ length: table.rows }, (_, row) => Object.values(table.row(row)))
/** The largest difference of numbers, infinite where anything else differs. */
function difference(a: readonly unknown[][], b: readonly (readonly unknown[])[]): number {
  const texts = (rows: readonly (readonly unknown[])[]) =>
    JSON.stringify(rows.map((row) => row.map((cell) => (typeof cell === 'number' ? 0 : cell))))
  if (texts(a) !== texts(b)) return Infinity
  const numbers = (rows: readonly (readonly unknown[])[]) =>
    rows.flat().filter((cell) => typeof cell === 'number')
  return numbers(a).length === 0 ? 0 : distance(numbers(a), numbers(b))
}

cases.forEach((each, i) => {
  const { transformer: name, options, fit, transform, made, names, inverse } = each
  test(`${name} makes what scikit-learn's does, with ${JSON.stringify(options)} (case ${i})`, (t) => {
    const Class = classes[name] as new (options: object) => StandardScaler
    const transformer = new Class(options)
    for (const part of fit)
      if (fit.length === 1) transformer.fit(new Table(part))
      else transformer.partialFit(new Table(part))
    const table = transformer.transform(new Table(transform))
    t.true(difference(rowsOf(table), made) < rounding, String(difference(rowsOf(table), made)))
    t.deepEqual(
      table.names,
      names.map((each) => each.replace(/_None$/, '_(missing)').replace(/\.0$/, '')), // 1.0 in Python
    )
    t.deepEqual(transformer.featureNames(), table.names)
    if (inverse === null) return
    const back = rowsOf(transformer.inverseTransform(table))
    t.true(difference(back, inverse) < rounding, String(difference(back, inverse)))
  })
})

/** Rows that every transformer takes some columns of. */
function mixed(rows: number, seed: number): Record<Name, Table> {
  const { data } = randomRows(rows, 3, seed)
  const numbers = {
    a: data.slice(0, rows),
    b: Array.from(data.slice(rows, 2 * rows), (value, i) => (i % 5 === 1 ? null : 1e3 * value)),
  }
  const texts = {
    c: Array.from(data.slice(0, rows), (value) => 'abcdefgh'.charAt(4 + Math.floor(4 * value))),
    d: Array.from(data.slice(0, rows), (value, i) => (i % 3 === 0 ? null : Math.round(3 * value))),
  }
  const dates = { e: Array.from(data, (value) => new Date(1e12 * value)).slice(0, rows) }
  const of = (columns: Record<string, ColumnLike>) => new Table(columns)
  return {
    StandardScaler: of(numbers),
    MinMaxScaler: of(numbers),
    RobustScaler: of(numbers),
    OneHotEncoder: of(texts),
    OrdinalEncoder: of(texts),
    SimpleImputer: of(numbers),
    DatetimeEncoder: of(dates),
  }
}

test('bytes of a Buffer are prepared, and stay as they are', (t) => {
  const data = Buffer.from([0, 1, 10, 3, 20, 5])
  const made = new MinMaxScaler().fitTransform({ data, shape: [3, 2] })
  t.deepEqual([...made.data], [0, 0, 0.5, 0.5, 1, 1])
  t.deepEqual([...data], [0, 1, 10, 3, 20, 5])
})

const make = (name: Name) => new (classes[name] as typeof StandardScaler)()
const names = Object.keys(classes) as Name[]

for (const name of names) {
  const table = mixed(200, 1)[name]

  test(`${name}: what was saved as JSON gives the same bits`, (t) => {
    const made = make(name).fit(table)
    const text = JSON.stringify(made)
    const loaded = (classes[name] as typeof StandardScaler).fromJSON(JSON.parse(text))
    t.is(JSON.stringify(loaded), text)
    t.deepEqual(rowsOf(loaded.transform(table)), rowsOf(made.transform(table)))
  })

  test(`${name}: rows in parts are learned as they are together`, (t) => {
    const parts = [0, 7, 50, 51, 200].map((end, i, ends) => table.slice(ends[i - 1] ?? 0, end))
    const made = make(name)
    const learn = () => {
      for (const part of parts.slice(1)) made.partialFit(part)
    }
    if (name === 'RobustScaler') {
      t.throws(learn, { message: /does not learn in parts/ })
      return
    }
    learn()
    const whole = make(name).fit(table)
    // Categories are in the order of the parts: columns are told by their names, codes by their texts.
    const inOrder = whole.featureNames().toSorted()
    t.deepEqual(made.featureNames().toSorted(), inOrder)
    const [a, b] = [made, whole].map((one) => {
      const changed = one.transform(table)
      return rowsOf(name === 'OrdinalEncoder' ? one.inverseTransform(changed) : changed.select(inOrder)) // prettier-ignore
    })
    if (name === 'OrdinalEncoder') t.deepEqual(a, b)
    else t.true(distance(a ?? [], b ?? []) < rounding)
  })

  test(`${name}: rows are changed one by one as they are together, and changing teaches nothing`, (t) => {
    const made = make(name).fit(table)
    const before = JSON.stringify(made)
    const other = mixed(30, 1)[name]
    const all = rowsOf(made.transform(other))
    const single = all.map((_, row) => rowsOf(made.transform(other.slice(row, row + 1)))[0])
    t.deepEqual(single, all)
    t.is(JSON.stringify(made), before)
  })

  test(`${name}: nothing works before fit, and all says so`, (t) => {
    const made = make(name)
    const uses = [() => made.transform(table), () => made.featureNames(), () => made.columns]
    for (const use of uses)
      t.throws(use, { instanceOf: GemmnetError, code: 'ERR_NOT_FITTED', message: `${name} has learned nothing yet; call \`fit\` first` }) // prettier-ignore
  })

  test(`${name}: a failed fit leaves what was learned`, (t) => {
    const made = make(name).fit(table)
    const before = JSON.stringify(made)
    const wrong = name === 'DatetimeEncoder' ? new Float32Array(2) : [new Date(0)]
    // Dates are filled in too.
    if (name !== 'SimpleImputer') t.throws(() => made.fit(wrong), { instanceOf: TypeError })
    t.throws(() => made.fit(new Table({ a: [] })), { message: '`x` has no rows' })
    t.is(JSON.stringify(made), before)
  })

  test(`${name}: columns of a Table are taken by name, whatever stands beside them`, (t) => {
    const made = make(name).fit(table)
    const reversed = table.select([...table.names].reverse()).with({ more: table.column(table.names[0] ?? '') }) // prettier-ignore
    t.deepEqual(rowsOf(made.transform(reversed)), rowsOf(made.transform(table)))
    t.throws(() => made.transform(new Table({ z: [1] })), { message: /^Unknown column `z`|^Unknown column `[a-e]`/ }) // prettier-ignore
  })

  test(`${name}: damaged JSON is refused`, (t) => {
    const text = JSON.stringify(make(name).fit(table))
    const damaged = [
      ['"columns":[', '"columns":["x",'],
      ['"type":"', '"type":"no'],
      ['"name":"', '"name":1,"x":"'],
      ['{"options"', '{"options":7,"x"'],
      ['"options":{', '"options":{"__proto__":1},"x":{'],
      ['"type"', '"__proto__":{"polluted":1},"type"'],
    ] as const
    for (const [from, to] of damaged) {
      const json: unknown = JSON.parse(text.replace(from, to))
      t.throws(() => (classes[name] as typeof StandardScaler).fromJSON(json), undefined, to)
    }
    t.is(Reflect.get({}, 'polluted'), undefined)
  })
}

test('rows come as a Table, a matrix, rows of numbers or a flat array, and mean the same', (t) => {
  const rows = [[1, 10], [2, 20], [4, 60]] // prettier-ignore
  const flat = Float64Array.from(rows.flat())
  const scaler = new StandardScaler().fit(rows)
  const all: Features[] = [rows, flat, { data: flat, shape: [3, 2] }, { data: flat, dims: [3, 2] }]
  for (const x of all) t.deepEqual(scaler.transform(x).data, scaler.transform(rows).data)
  const table = new Table({ x1: [10, 20, 60], x0: [1, 2, 4] })
  t.deepEqual(scaler.transform(table).toMatrix(), scaler.transform(rows))
  t.deepEqual(scaler.transform(rows).shape, [3, 2])
  t.deepEqual(scaler.featureNames(), ['x0', 'x1'])
  // One column of plain values.
  t.deepEqual([...new MinMaxScaler().fitTransform([1, 2, 3]).data], [0, 0.5, 1])
  t.deepEqual([...new MinMaxScaler().fitTransform(Int8Array.of(1, 2, 3)).data], [0, 0.5, 1])
  const onehot = new OneHotEncoder().fit([['a', 1], ['b', 2]]) // prettier-ignore
  t.deepEqual(onehot.featureNames(), ['x0_a', 'x0_b', 'x1_1', 'x1_2'])
  t.deepEqual([...onehot.transform([['b', 1]]).data], [0, 1, 1, 0])
})

test('float32 stays float32, and all else becomes float64', (t) => {
  const scale = (x: Features) => new StandardScaler().fitTransform(x).data
  t.true(scale(Float32Array.of(1, 2)) instanceof Float32Array)
  t.true(scale(Float64Array.of(1, 2)) instanceof Float64Array)
  t.true(scale(Uint8Array.of(1, 2)) instanceof Float64Array)
  t.true(scale([1, 2]) instanceof Float64Array)
})

test('standardised columns have mean 0 and deviation 1, ranges are filled, medians are 0', (t) => {
  const x = { data: randomRows(1001, 1, 3).data.map((value) => 1e6 + value), shape: [1001, 1] }
  const standard = [...new StandardScaler().fitTransform(x).data]
  t.true(Math.abs(standard.reduce((sum, value) => sum + value, 0)) < 1e-6)
  t.true(Math.abs(standard.reduce((sum, value) => sum + value ** 2, 0) / 1001 - 1) < 1e-9)
  const range = new MinMaxScaler({ featureRange: [-3, 5] }).fitTransform(x).data
  t.is(Math.min(...range), -3)
  t.true(Math.abs(Math.max(...range) - 5) < rounding)
  const robust = new RobustScaler().fitTransform(x).data.sort()
  t.is(robust[500], 0)
  t.true(Math.abs((robust[750] ?? 0) - (robust[250] ?? 0) - 1) < rounding)
})

test('a column without values stays as it is, and parts without values teach nothing', (t) => {
  for (const Class of [StandardScaler, MinMaxScaler, RobustScaler])
    t.deepEqual([...new Class().fitTransform([NaN, NaN]).data], [NaN, NaN])
  for (const Class of [StandardScaler, MinMaxScaler]) {
    const parts = new Class().fit([NaN]).partialFit([3, 5]).partialFit([NaN])
    t.deepEqual(parts.transform([4]), new Class().fit([3, 5]).transform([4]))
  }
})

test('a wide category without a value in what is predicted is missing, not an error of type', (t) => {
  const table = new Table({ a: ['x', null, 'y'], b: [new Date(0), new Date(1), null] })
  const nothing = new Table({ a: [null], b: [null] })
  t.deepEqual(rowsOf(new OneHotEncoder().fit(table.select(['a'])).transform(nothing)), [[0, 0, 1]])
  const [row = []] = rowsOf(new DatetimeEncoder().fit(table.select(['b'])).transform(nothing))
  t.true(row.every((cell) => cell === null))
})

test('with unknownValue 0 known categories count from 1: what a layer of embeddings takes', (t) => {
  const encoder = new OrdinalEncoder({ unknownValue: 0 }).fit(['b', 'a', 'c'])
  t.deepEqual([...encoder.transform(['a', 'b', 'c', 'd', null]).data], [1, 2, 3, 0, 0])
  t.deepEqual(rowsOf(encoder.inverseTransform([1, 3, 0])).flat(), ['a', 'c', null])
  const withMissing = new OrdinalEncoder({ unknownValue: 0 }).fit(['b', null])
  t.deepEqual([...withMissing.transform(['b', null, 'z']).data], [1, 0, 0])
})

test('categories that no row has are not learned', (t) => {
  const table = new Table({ a: ['x', 'y', 'z', 'x'] })
  const encoder = new OneHotEncoder({ handleUnknown: 'ignore' }).fit(table.slice(2))
  t.deepEqual(encoder.featureNames(), ['a_x', 'a_z'])
  t.deepEqual(rowsOf(encoder.transform(table.slice(1, 2))), [[0, 0]])
})

test('quantiles are those of the sorted values, however the values lie', (t) => {
  const random = randomNumbers(1)
  const kinds: readonly ((i: number) => number)[] = [
    () => random(),
    () => Math.floor(5 * random()),
    (i) => (i % 100 === 0 ? 1e300 * random() : random()),
    (i) => (i % 2 === 0 ? -8e307 : 8e307),
    (i) => Math.exp(700 * (random() - 0.5)) * (i % 3 === 0 ? -1 : 1),
    (i) => (i % 10 === 0 ? NaN : 5e-324 * Math.floor(1e4 * random())),
    () => 7,
  ]
  for (const [k, kind] of kinds.entries())
    for (const rows of [1, 2, 1024, 1025, 5001, 20_000]) {
      const values = Float64Array.from({ length: rows }, (_, i) => kind(i + 1))
      const sorted = values.filter((value) => !Number.isNaN(value)).sort()
      const at = (i: number) => sorted[i] ?? NaN
      const fractions = [0, 0.1, 0.25, 0.5, 0.501, 0.9999, 1]
      const expected = fractions.map((fraction) => {
        const place = fraction * (sorted.length - 1)
        const [a, b, rest] = [at(Math.floor(place)), at(Math.ceil(place)), place % 1]
        return rest < 0.5 ? a + (b - a) * rest : b - (b - a) * (1 - rest)
      })
      t.deepEqual(quantiles(values, fractions), expected, `kind ${k}, ${rows} rows`)
    }
  t.is(quantiles(Float64Array.of(NaN), [0.5]), undefined)
})

test('LabelEncoder numbers sorted classes, and back', (t) => {
  const encoder = new LabelEncoder().fit(['b', 'a', 'b'])
  t.deepEqual(encoder.classes, ['a', 'b'])
  t.deepEqual([...encoder.transform(['a', 'b'])], [0, 1])
  t.deepEqual(encoder.inverseTransform([1, 1, 0]), ['b', 'b', 'a'])
})

test('categories and classes that come in later parts stand behind those that are known', (t) => {
  const numbers = new LabelEncoder().partialFit([10, 9]).partialFit(Int32Array.of(-1, 9, -2))
  t.deepEqual(numbers.classes, [9, 10, -2, -1])
  t.deepEqual(LabelEncoder.fromJSON(JSON.parse(JSON.stringify(numbers))).classes, [9, 10, -2, -1])
  const texts = new OrdinalEncoder({ unknownValue: 0 }).partialFit(['m', 'c']).partialFit(['b', 'c', 'a']) // prettier-ignore
  t.deepEqual([...texts.transform(['c', 'm', 'a', 'b', '?']).data], [1, 2, 3, 4, 0])
})

test('texts are dates in UTC where dates were learned, as readers take them, wherever the program runs', async (t) => {
  const texts = ['2024-07-02T06:00', '2024-07-02 06:00:00', '2024-07-02T08:00+02:00', '2024-07-02']
  const encoder = new DatetimeEncoder().fit(new Table({ when: [new Date('2024-01-01T01:00Z')] }))
  const { code, said, errors } = await runInChild('encodeDates', { texts, encoder }, { TZ: 'America/New_York' }) // prettier-ignore
  t.is(code, 0, errors)
  const dates = texts.map((text) => new Date(text.includes('06') ? '2024-07-02T06:00Z' : text))
  t.deepEqual(said, [[...encoder.transform(dates).data]])
  const read = await readCsv([`when\n${texts.join('\n')}\n`])
  t.deepEqual(read.column('when'), { type: 'date', values: Float64Array.from(dates, Number) })
  const wrong = new Table({ when: ['2024-02-30'] })
  t.throws(() => encoder.transform(wrong), { message: "Expected `when` to be dates in ISO 8601, got `'2024-02-30'`" }) // prettier-ignore
})

test('dates become years with a fraction, and places in year, week and day', (t) => {
  const date = new Date('2023-07-02T12:00Z') // the middle of the year, a Sunday, noon
  const encoder = new DatetimeEncoder()
  const { data } = encoder.fitTransform([date])
  t.deepEqual(
    encoder.featureNames(),
    ['x0_year', ...['dayOfYear', 'weekday', 'hour'].flatMap((part) => [`x0_${part}_sin`, `x0_${part}_cos`])], // prettier-ignore
  )
  const sunday = (2 * Math.PI * 6) / 7
  t.true(distance([...data], [2023.5, 0, -1, Math.sin(sunday), Math.cos(sunday), 0, -1]) < rounding)
  t.true(
    encoder.fit([new Date('2023-07-02'), null]).featureNames().every((name) => !name.includes('hour')), // prettier-ignore
  )
  const parts = new DatetimeEncoder({ parts: ['year', 'weekday'] })
  // Before 1970, a year below 100, a leap year's last day.
  const years = ['1969-07-02T12:00Z', '0050-01-01T00:00Z', '2024-12-31T00:00Z'].map((text) => new Date(text)) // prettier-ignore
  const made = parts.fitTransform(years).data
  t.true(distance([made[0], made[3], made[6]], [1969.5, 50, 2024 + 365 / 366]) < rounding)
  // Texts in ISO 8601, as JSON has them, are dates too.
  t.deepEqual(parts.transform(['1969-07-02T12:00Z']).data, parts.transform([years[0] ?? null]).data)
  t.throws(() => parts.transform(['2 July 1969']), {
    message: "Expected `x0` to be dates in ISO 8601, got `'2 July 1969'`",
  })
})

const refusals: readonly [string, () => unknown, string | RegExp][] = [
  ['texts to scale', () => new StandardScaler().fit(['a']), "Column 'x0' holds texts, StandardScaler takes numbers"],
  ['an infinite value', () => new MinMaxScaler().fit([1, Infinity]), 'Expected `x0[1]` to be finite, got `Infinity`'],
  ['a variance beyond float64', () => new StandardScaler().fit([1e200, -1e200]), "Column 'x0' has numbers too large for StandardScaler"],
  ['a mean beyond float64', () => new SimpleImputer().fit([1.7e308, 1.7e308]), "Column 'x0' has numbers too large for SimpleImputer"],
  ['an infinite category', () => new OneHotEncoder({ handleUnknown: 'ignore' }).fit([1, -Infinity]), 'Expected `x0[1]` to be finite, got `-Infinity`'],
  ['an infinite class', () => new LabelEncoder().fit([1, Infinity]), 'Expected `y[1]` to be finite, got `Infinity`'],
  ['an infinite category in a list', () => new OrdinalEncoder({ categories: [1, Infinity] }), 'Expected `categories` to be an array of different texts, or of different finite numbers, got `Array(2)`'],
  ['dates as categories', () => new OneHotEncoder().fit([new Date(0)]), "Column 'x0' holds dates, OneHotEncoder takes categories; DatetimeEncoder takes dates"],
  ['numbers for texts', () => new OneHotEncoder().fit(['a']).transform([1]), "Column 'x0' holds numbers, OneHotEncoder learned from texts"],
  ['texts for numbers', () => new StandardScaler().fit([1, 2]).transform(['1']), "Column 'x0' holds texts, StandardScaler learned from numbers"],
  ['an unknown category', () => new OneHotEncoder().fit(['a']).transform(['a', 'b']), "Column 'x0' has a category that was not learned, 'b', in row 1"],
  ['an unknown number', () => new OrdinalEncoder().fit([1]).transform([2]), "Column 'x0' has a category that was not learned, 2, in row 0"],
  ['an unknown missing value', () => new OrdinalEncoder().fit(['a']).transform([null]), "Column 'x0' has a category that was not learned, a missing value, in row 0"],
  ['a category that is not listed', () => new OneHotEncoder({ categories: ['a'] }).fit(['b']), "Column 'x0' has a category that was not learned, 'b', in row 0"],
  ['lists for other columns', () => new OneHotEncoder({ categories: [['a'], ['b']] }).fit(['a']), '`categories` has 2 lists, there are 1 columns'],
  ['a mean of texts', () => new SimpleImputer().fit(['a', null]), "Column 'x0' holds texts, which have no mean"],
  ['a median of nothing', () => new SimpleImputer({ strategy: 'median' }).fit([NaN]), "Column 'x0' has no values to learn the median from"],
  ['a text among numbers', () => new SimpleImputer({ strategy: 'constant', fillValue: 'x' }).fit([1]), "Column 'x0' holds numbers, `fillValue` is 'x'"],
  ['more columns', () => new StandardScaler().fit([[1, 2]]).transform([[1, 2, 3]]), '`x` has 3 columns, it takes 2'],
  ['two outputs of one name', () => new OneHotEncoder().fit(new Table({ a: ['b_c', 'd'], a_b: ['c', 'd'] })), "Two columns would be named 'a_b_c'; rename those they come from"],
  ['an unknown class', () => new LabelEncoder().fit(['a']).transform(['b']), "Column 'y' has a category that was not learned, 'b', in row 0"],
  ['a missing class', () => new LabelEncoder().fit(new Table({ k: ['a', null] })), 'Expected `k[1]` to be a class, got `null`'],
  ['an index without a class', () => new LabelEncoder().fit(['a']).inverseTransform([1]), 'Expected `indices[0]` to be a class from 0 to 0, got `1`'],
  ['a part learned as a median', () => new SimpleImputer({ strategy: 'median' }).fit([1]).partialFit([1]), /does not learn 'median' in parts/],
] // prettier-ignore
for (const [what, act, message] of refusals)
  test(`refused: ${what}`, (t) => {
    t.throws(act, { message })
  })
