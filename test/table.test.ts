import test from 'ava'
import type { Column } from '../lib/index.js'
import { Table } from '../lib/index.js'

const born = new Date(Date.UTC(1990, 0, 31))
const people = () =>
  new Table({
    age: [39, null, 28],
    work: ['State', 'Private', undefined],
    born: [born, null, born],
    married: [true, false, null],
  })
const values = (table: Table, name: string) => {
  const column = table.column(name)
  return [...(column.type === 'category' ? column.codes : column.values)]
}

test('columns are made of arrays by their first value that is there', (t) => {
  const table = people()
  t.is(table.rows, 3)
  t.deepEqual(table.names, ['age', 'work', 'born', 'married'])
  t.deepEqual(table.column('age'), { type: 'number', values: Float64Array.of(39, NaN, 28) })
  t.deepEqual(table.column('work'), {
    type: 'category',
    codes: Int32Array.of(0, 1, -1),
    categories: ['State', 'Private'],
  })
  const time = born.getTime()
  t.deepEqual(table.column('born'), { type: 'date', values: Float64Array.of(time, NaN, time) })
  t.deepEqual(table.column('married'), { type: 'number', values: Float64Array.of(1, 0, NaN) })
  t.deepEqual(new Table({ none: [null, null] }).column('none'), {
    type: 'number',
    values: Float64Array.of(NaN, NaN),
  })
})

test('what no column can hold is refused with what one can', (t) => {
  for (const [cell, shown] of [
    [5n, '5n'],
    [{}, 'Object'],
  ] as const)
    t.throws(() => new Table({ a: [null, cell] as never }), {
      instanceOf: TypeError,
      message: `Expected \`a[1]\` to be a number, true or false, a text or a date, got \`${shown}\``,
    })
})

test('a row gives numbers, texts, dates, and null where there is none', (t) => {
  t.deepEqual(people().row(1), { age: null, work: 'Private', born: null, married: 0 })
  t.deepEqual(people().row(2), { age: 28, work: null, born, married: null })
  for (const index of [-1, 3, 0.5]) t.throws(() => people().row(index), { instanceOf: RangeError })
})

test('typed arrays are taken as they are', (t) => {
  const bytes = Uint8Array.of(1, 2)
  const column = new Table({ bytes }).column('bytes')
  t.is(column.type === 'number' && column.values, bytes)
})

test('rows of subset and slice are those of the positions', (t) => {
  const table = people()
  t.deepEqual(values(table.subset([2, 0, 2]), 'age'), [28, 39, 28])
  t.deepEqual(values(table.subset([2, 0, 2]), 'work'), [-1, 0, -1])
  t.is(table.subset([]).rows, 0)
  t.deepEqual(values(table.slice(1), 'born'), [NaN, born.getTime()])
  t.deepEqual(values(table.slice(-1), 'age'), [28])
  t.deepEqual(values(table.slice(0, -2), 'age'), [39])
  t.is(table.slice(2, 1).rows, 0)
  t.throws(() => table.slice(0.5), { instanceOf: RangeError })
  t.throws(() => table.subset([3]), {
    message: 'Expected `indices[0]` to be a row from 0 to 2, got `3`',
  })
  t.throws(() => table.subset([0.5]), { instanceOf: RangeError })
})

test('a Buffer is a column of bytes, also in a subset', (t) => {
  const table = new Table({ bytes: Buffer.from([5, 6, 7]) })
  const column = table.subset([2, 1]).column('bytes')
  t.deepEqual(column, { type: 'number', values: Uint8Array.of(7, 6) })
})

test('select, drop and with make tables of the same columns', (t) => {
  const table = people()
  t.deepEqual(table.select(['work', 'age']).names, ['work', 'age'])
  t.deepEqual(table.drop(['born', 'work']).names, ['age', 'married'])
  const changed = table.with({ age: [1, 2, 3], height: [4, 5, 6] })
  t.deepEqual(changed.names, ['age', 'work', 'born', 'married', 'height'])
  t.deepEqual(values(changed, 'age'), [1, 2, 3])
  t.is(changed.column('work'), table.column('work'))
  t.throws(() => table.drop(['wrok']), { message: 'Unknown column `wrok`; did you mean `work`?' })
  t.throws(() => table.select(['age', 'work', 'age']), {
    instanceOf: RangeError,
    message: "Column 'age' is named twice",
  })
})

test('any text can be the name of a column', (t) => {
  const names = ['__proto__', 'constructor', 'toString', '', ' ', 'a\0b']
  const table = new Table(new Map(names.map((name, i) => [name, [i]])))
  t.deepEqual(table.names, names)
  names.forEach((name, i) => {
    t.true(table.has(name))
    t.is(table.row(0)[name], i)
    t.deepEqual(values(table.select([name]), name), [i])
    t.deepEqual(values(Table.fromRows([table.row(0)]), name), [i])
  })
  t.false(new Table({ a: [1] }).has('__proto__'))
  t.throws(() => new Table({ a: [1] }).column('constructor'), { instanceOf: RangeError })
})

test('a matrix has rows as wide as the columns asked for', (t) => {
  const table = new Table({ a: Float32Array.of(1, 2), b: Uint8Array.of(3, 4), c: [5, null] })
  const narrow = { data: Float32Array.of(1, 3, 2, 4), shape: [2, 2] as const }
  t.deepEqual(table.toMatrix(['a', 'b']), narrow)
  t.deepEqual(table.toMatrix(['c', 'a']).data, Float64Array.of(5, 1, NaN, 2))
  t.deepEqual(table.toMatrix().shape, [2, 3])
  t.throws(() => people().toMatrix(), { message: "Column 'work' holds texts, not numbers" })
})

test('a matrix is the same however many rows there are', (t) => {
  const rows = 1000
  const a = Float64Array.from({ length: rows }, (_, row) => row)
  const { data } = new Table({ a, b: a.map((value) => -value) }).toMatrix()
  t.true(data.every((value, i) => value === (i % 2 === 0 ? i / 2 : -(i - 1) / 2)))
})

test('concatenated tables keep their rows, and categories get the places of the first', (t) => {
  const tables = [
    new Table({ a: Float32Array.of(1), b: ['x'] }),
    new Table({ a: Float32Array.of(2, 3), b: ['y', 'x'] }),
  ]
  const table = Table.concatenate(tables)
  t.deepEqual(table.column('a'), { type: 'number', values: Float32Array.of(1, 2, 3) })
  t.deepEqual(table.column('b'), {
    type: 'category',
    codes: Int32Array.of(0, 1, 0),
    categories: ['x', 'y'],
  })
  const mixed = Table.concatenate([
    new Table({ a: Int32Array.of(2 ** 30 + 1) }),
    new Table({ a: Float32Array.of(0.5) }),
  ])
  t.deepEqual(mixed.column('a'), { type: 'number', values: Float64Array.of(2 ** 30 + 1, 0.5) })
  t.throws(() => Table.concatenate([]), { instanceOf: RangeError })
  t.throws(() => Table.concatenate([people(), people().drop(['age'])]), {
    message: /^The tables have other columns/,
  })
  t.throws(() => Table.concatenate([new Table({ a: [1] }), new Table({ a: ['x'] })]), {
    message: "Column 'a' holds numbers and texts",
  })
})

test('cutting a table and joining the pieces gives the table', (t) => {
  const table = people()
  for (const cut of [0, 1, 2, 3]) {
    const joined = Table.concatenate([table.slice(0, cut), table.slice(cut)])
    for (const name of table.names) t.deepEqual(joined.column(name), table.column(name))
  }
})

test('rows are objects with any keys', (t) => {
  const table = Table.fromRows([{ a: 1 }, { b: 'x' }, { a: 2, b: null }])
  t.deepEqual(values(table, 'a'), [1, NaN, 2])
  t.deepEqual(values(table, 'b'), [-1, 0, -1])
  // @ts-expect-error: what JavaScript can pass
  t.throws(() => Table.fromRows([5]), { message: 'Expected `rows[0]` to be an object, got `5`' })
  t.throws(() => Table.fromRows([]), { message: 'A Table needs at least one column' })
})

const refused: readonly [what: string, columns: unknown, message: string][] = [
  ['no columns', {}, 'A Table needs at least one column'],
  ['nothing', null, 'Expected `columns` to be an object, got `null`'],
  ['a text', { a: 'x' }, "Expected `a` to be a column: an array, or { type, ... }, got `'x'`"],
  ['columns of unequal length', { a: [1], b: [1, 2] }, "Column 'b' has 2 rows, 'a' has 1"],
  [
    'a text among numbers',
    { a: [1, 'x'] },
    "Expected `a[1]` to be a number, as the column's first value is, got `'x'`",
  ],
  [
    'a number among texts',
    { a: [null, 'x', 1] },
    "Expected `a[2]` to be a text, as the column's first value is, got `1`",
  ],
  [
    'a number among dates',
    { a: [new Date(), 1] },
    "Expected `a[1]` to be a date, as the column's first value is, got `1`",
  ],
  [
    'a code without a category',
    { a: { type: 'category', codes: Int32Array.of(1), categories: ['x'] } },
    'Expected `a.codes[0]` to be from -1 to 0, got `1`',
  ],
  [
    'a category that comes twice',
    { a: { type: 'category', codes: Int32Array.of(1), categories: ['x', 'x'] } },
    'Expected `a.categories` to have each text once',
  ],
  [
    'a type that is none',
    { a: { type: 'text', values: [] } },
    "Expected `a` to be a column of type 'number', 'category' or 'date' with its values, got `Object`",
  ],
]
for (const [what, columns, message] of refused)
  test(`a Table is refused: ${what}`, (t) => {
    t.throws(() => new Table(columns as Record<string, never>), { message })
  })

test('a table cannot be changed by what it was made of, or hands out', (t) => {
  const categories = ['x', 'y']
  const given: Column = { type: 'category', codes: Int32Array.of(1), categories }
  const table = new Table({ a: given })
  categories[1] = 'z'
  t.is(table.row(0).a, 'y')
  t.true(Object.isFrozen(table.column('a')))
  t.true(Object.isFrozen(table.names))
})
