import test from 'ava'
import { gzipSync } from 'node:zlib'
import type { JsonLinesOptions } from '../lib/index.js'
import { GemmnetError, readJsonLines, streamJsonLines, Table } from '../lib/index.js'

const bytes = (...rows: unknown[]) =>
  Buffer.from(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'))

test('each key is a column, of the type that its values have', async (t) => {
  const table = await readJsonLines(
    bytes(
      { age: 39, job: 'State', ok: true, born: '1990-01-31', zip: '01234' },
      '',
      { age: null, job: '?', ok: false, born: null, zip: '56789' },
      { age: 2.5, job: 'Private', height: 180 },
    ),
  )
  t.deepEqual(table.names, ['age', 'job', 'ok', 'born', 'zip', 'height'])
  t.deepEqual(table.row(0), {
    age: 39,
    job: 'State',
    ok: 1,
    born: new Date('1990-01-31'),
    zip: '01234',
    height: null,
  })
  t.deepEqual(table.row(1), {
    age: null,
    job: null,
    ok: 0,
    born: null,
    zip: '56789',
    height: null,
  })
  t.deepEqual(table.column('ok'), { type: 'number', values: Float64Array.of(1, 0, NaN) })
})

test('a column of mixed values has them as texts; a type given goes first', async (t) => {
  const rows = bytes({ a: 5, b: '7' }, { a: 'x', b: 8 })
  t.deepEqual((await readJsonLines(rows)).row(0), { a: '5', b: '7' })
  const options: JsonLinesOptions = { columns: { b: 'number' }, dtype: 'float32' }
  t.deepEqual((await readJsonLines(rows, options)).column('b'), {
    type: 'number',
    values: Float32Array.of(7, 8),
  })
})

test('any text can be a key', async (t) => {
  const table = await readJsonLines(bytes('{"__proto__": 1, "": 2}'))
  t.deepEqual(table.names, ['__proto__', ''])
})

test('selected keys are read, the others not', async (t) => {
  const table = await readJsonLines(bytes({ a: 1, b: {}, c: 'x' }), { select: ['c', 'a', 'd'] })
  t.deepEqual(table.row(0), { c: 'x', a: 1, d: null })
})

test('a stream gives the rows of the whole, in tables of the size asked for', async (t) => {
  const rows = Array.from({ length: 25 }, (_, i) => ({ a: i, b: `x${i % 3}` }))
  const data = bytes(...rows)
  const whole = await readJsonLines(gzipSync(data))
  const chunks = Array.from({ length: Math.ceil(data.length / 10) }, (_, i) =>
    data.subarray(10 * i, 10 * i + 10),
  )
  const tables: Table[] = []
  for await (const table of streamJsonLines(chunks, { blockRows: 10 })) tables.push(table)
  t.deepEqual(
    tables.map((table) => table.rows),
    [10, 10, 5],
  )
  for (const name of whole.names)
    t.deepEqual(Table.concatenate(tables).column(name), whole.column(name))
})

test('leaving the loop closes the source', async (t) => {
  let closed = false
  const source = async function* () {
    try {
      await Promise.resolve()
      for (;;) yield '{"a": 1}\n'.repeat(2000)
    } finally {
      closed = true
    }
  }
  for await (const table of streamJsonLines(source())) {
    t.true(table.rows > 0)
    break
  }
  t.true(closed)
})

const damaged: readonly [
  what: string,
  lines: Buffer,
  message: string | RegExp,
  options?: JsonLinesOptions,
][] = [
  ['no rows', bytes('', ''), 'it has no rows'],
  ['a line that is no JSON', bytes({ a: 1 }, '', '{"a": }'), /^line 3: not JSON: /],
  ['a line that is no object', bytes({ a: 1 }, [1]), 'line 2: expected an object, got `Array(1)`'],
  [
    'a value that is none',
    bytes({ a: 1 }, { a: [1] }),
    "line 2, column 'a': expected a number, a text, true, false or null, got `Array(1)`",
  ],
  [
    'a value of another type',
    bytes({ a: 1 }, { a: 'x' }),
    "line 2, column 'a': 'x' is not a number",
    { columns: { a: 'number' } },
  ],
  [
    'a later value of another type',
    bytes(...Array.from({ length: 1000 }, () => ({ a: 1 })), { a: 'x' }),
    "line 1001, column 'a': 'x' is not a number; give its type in `columns`",
  ],
  [
    'a later key',
    bytes(...Array.from({ length: 1000 }, () => ({ a: 1 })), { b: 1 }),
    "line 1001, column 'b': the first 1000 rows have no such key; name it in `columns`",
  ],
  ['other bytes', Buffer.from('{"a": "\xff"}', 'latin1'), 'line 1: not UTF-8'],
]
for (const [what, lines, message, options] of damaged)
  test(`JSON lines are refused: ${what}`, async (t) => {
    await t.throwsAsync(readJsonLines(lines, options), {
      instanceOf: GemmnetError,
      code: 'ERR_BAD_FILE',
      message,
    })
  })

test('wrong options are refused at once', (t) => {
  t.throws(() => streamJsonLines(bytes(), { columns: ['a'] } as never), { instanceOf: TypeError })
  t.throws(() => streamJsonLines(bytes(), { header: true } as never), {
    message: /^Unknown option `header` for `streamJsonLines`/,
  })
})
