// Over 400 lines: two ways of reading, plain and quoted, and every test goes both.

import test from 'ava'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { CsvOptions } from '../lib/index.js'
import { GemmnetError, readCsv, streamCsv, Table } from '../lib/index.js'
import { randomNumbers } from './helpers/data.js'

const bytes = (text: string) => Buffer.from(text)
const rowsOf = (table: Table) => Array.from({ length: table.rows }, (_, row) => table.row(row))
const read = async (text: string, options?: CsvOptions) =>
  rowsOf(await readCsv(bytes(text), options))
async function collect(tables: AsyncIterable<Table>): Promise<Table[]> {
  const all: Table[] = []
  for await (const table of tables) all.push(table)
  return all
}
const badFile = (message: string | RegExp) => ({
  instanceOf: GemmnetError,
  code: 'ERR_BAD_FILE',
  message,
})

test('values get the type that all of their column have', async (t) => {
  const table = await readCsv(
    bytes('age,born,job,ok\n39,1990-01-31,State,true\n?,,Private,FALSE\n2.5e1,1990-02-01,NA,\n'),
  )
  t.deepEqual(table.column('age'), { type: 'number', values: Float64Array.of(39, NaN, 25) })
  t.deepEqual(table.column('born'), {
    type: 'date',
    values: Float64Array.of(Date.UTC(1990, 0, 31), NaN, Date.UTC(1990, 1, 1)),
  })
  t.deepEqual(table.column('job'), {
    type: 'category',
    codes: Int32Array.of(0, 1, -1),
    categories: ['State', 'Private'],
  })
  t.deepEqual(table.column('ok'), { type: 'number', values: Float64Array.of(1, 0, NaN) })
})

// Each as it is, and with a value in quotes, which goes another way.
const forms: readonly [what: string, text: string, options?: CsvOptions][] = [
  ['plain', 'a,b\n1,x\n2,y\n'],
  ['without a last line end', 'a,b\n1,x\n2,y'],
  ['with carriage returns', 'a,b\r\n1,x\r\n2,y\r\n'],
  ['with carriage returns and untrimmed', 'a,b\r\n1,x\r\n2,y\r\n', { trim: false }],
  ['with a byte order mark', '\ufeffa,b\n1,x\n2,y\n'],
  ['with empty lines', '\n\na,b\n\n1,x\n\r\n2,y\n\n'],
  ['with spaces', 'a , b\n 1,x \n2,y\n'],
  ['with semicolons', 'a;b\n1;x\n2;y\n'],
  ['with tabs', 'a\tb\n1\tx\n2\ty\n'],
  ['with bars', 'a|b\n1|x\n2|y\n'],
  ['with a delimiter of its own', 'a:b\n1:x\n2:y\n', { delimiter: ':' }],
  ['with comments', '# "no, data\na,b\n1,x\n#2,z\n2,y\n', { comment: '#' }],
  ['with names for a header', '1,x\n2,y\n', { columns: ['a', 'b'] }],
  ['with other names than the header', 'c,d\n1,x\n2,y\n', { columns: ['a', 'b'], header: true }],
]
for (const [what, text, options] of forms)
  test(`rows are read from a file ${what}`, async (t) => {
    const rows = [
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ]
    t.deepEqual(await read(text, options), rows)
    t.deepEqual(await read(text.replace('y', '"y"'), options), rows)
    t.deepEqual(await read(text.replace('2', '"2"'), options), rows)
  })

test('values in quotes hold delimiters, line ends and doubled quotes', async (t) => {
  t.deepEqual(await read('a,b\n"x, ""y""\nz",1\n"",2\n'), [
    { a: 'x, "y"\nz', b: 1 },
    { a: null, b: 2 },
  ])
  t.deepEqual(await read("a,b\n'x,y',1\n", { quote: "'" }), [{ a: 'x,y', b: 1 }])
  t.deepEqual(await read('a,b\n"x,5\n', { quote: false }), [{ a: '"x', b: 5 }])
  t.deepEqual(await read('a,b\n5" pipe,1\n"x\ny",2\n'), [
    { a: '5" pipe', b: 1 },
    { a: 'x\ny', b: 2 },
  ])
})

test('texts are UTF-8, or Latin-1 if it is said', async (t) => {
  t.deepEqual(await read('a,b\nZürich,1\n東京,2\n'), [
    { a: 'Zürich', b: 1 },
    { a: '東京', b: 2 },
  ])
  const latin = Buffer.from('a,b\nx,1\nZürich,2\n', 'latin1')
  t.is((await readCsv(latin, { encoding: 'latin1' })).row(1).a, 'Zürich')
  await t.throwsAsync(
    readCsv(latin),
    badFile("line 3: not UTF-8; give `encoding: 'latin1'` if it is that"),
  )
})

test('numbers are those that JavaScript reads, whatever their form', async (t) => {
  const random = randomNumbers(1)
  const texts = ['0', '-0', '1.', '.5', '-.5', '+7', '1e5', '-2.5E-3', '007', '9007199254740993']
  texts.push('123456789012345678901234567890', '0.000000000000000000000001', '4.9e-324', '1e400')
  texts.push('179769313486231570000000000000', '0.1234567890123456789', '8.41', '-Infinity')
  for (let i = 0; i < 2000; i++) {
    const number = (random() - 0.5) * 10 ** Math.floor(40 * random() - 20)
    texts.push(String(number), number.toFixed(6), number.toPrecision(17))
  }
  for (const dtype of ['float64', 'float32'] as const) {
    const table = await readCsv(bytes(`a\n${texts.join('\n')}\n`), { dtype })
    const column = table.column('a')
    const expected = (dtype === 'float64' ? Float64Array : Float32Array).from(texts.map(Number))
    t.deepEqual(column, { type: 'number', values: expected })
  }
})

test('numbers are not blanks, and not of another base', async (t) => {
  const table = await readCsv(bytes('a,b,c\n0x10, 1,0b1\n7,2,3\n'))
  t.deepEqual(
    table.names.map((name) => table.column(name).type),
    ['category', 'number', 'category'],
  )
  await t.throwsAsync(
    readCsv(bytes('a,b\n1,2\n  ,3\n'), { missing: [], columns: { a: 'number' } }),
    badFile("line 3, column 'a': '' is not a number"),
  )
})

test('dates are of ISO 8601, in UTC where they say nothing else', async (t) => {
  const dates = {
    '2024-02-29': Date.UTC(2024, 1, 29),
    '2024-01-31T12:30': Date.UTC(2024, 0, 31, 12, 30),
    '2024-01-31 12:30:15.5': Date.UTC(2024, 0, 31, 12, 30, 15, 500),
    '2024-01-31T12:30:15Z': Date.UTC(2024, 0, 31, 12, 30, 15),
    '2024-01-31T12:30:15+02:00': Date.UTC(2024, 0, 31, 10, 30, 15),
    '2024-01-31 12:30:15 -0130': Date.UTC(2024, 0, 31, 14, 0, 15),
    '2024-01-31T12:30+02': Date.UTC(2024, 0, 31, 10, 30),
  }
  const table = await readCsv(bytes(`a\n${Object.keys(dates).join('\n')}\n`))
  const values = Float64Array.from(Object.values(dates))
  t.deepEqual(table.column('a'), { type: 'date', values })
  for (const wrong of ['2024-02-30', '2023-02-29', '2024-13-01', '2024-01-31T25:00', '31.1.2024'])
    await t.throwsAsync(
      readCsv(bytes(`a\n${wrong}\n`), { columns: { a: 'date' } }),
      badFile(
        `line 2, column 'a': '${wrong}' is not a date like 2024-01-31 or 2024-01-31T23:59:59Z`,
      ),
    )
})

test('missing values are as said, even where they are numbers', async (t) => {
  t.deepEqual(await read('a,b\n-999,x\n1,-\n', { missing: ['-999', '-'] }), [
    { a: null, b: 'x' },
    { a: 1, b: null },
  ])
  t.deepEqual(await read('a,b\n,x\nNaN,?\nnull,NA\n', { columns: { a: 'number' } }), [
    { a: null, b: 'x' },
    { a: null, b: null },
    { a: null, b: null },
  ])
})

test('columns are selected in the order asked for, the others not even read', async (t) => {
  const table = await readCsv(bytes('a,b,c\n1,2,3\n4,x,6\n'), {
    select: ['c', 'a'],
    columns: { a: 'category' },
  })
  t.deepEqual(table.names, ['c', 'a'])
  t.deepEqual(rowsOf(table), [
    { c: 3, a: '1' },
    { c: 6, a: '4' },
  ])
  await t.throwsAsync(readCsv(bytes('age\n1\n'), { select: ['aeg'] }), {
    instanceOf: RangeError,
    message: 'Unknown column `aeg`; did you mean `age`?',
  })
  await t.throwsAsync(readCsv(bytes('age\n1\n'), { columns: { aeg: 'number' } }), {
    instanceOf: RangeError,
  })
})

const sources: Record<string, (data: Buffer) => Parameters<typeof readCsv>[0]> = {
  bytes: (data) => data,
  'a Node stream': (data) => Readable.from([data.subarray(0, 5), data.subarray(5)]),
  'a web stream': (data) => Readable.toWeb(Readable.from([data], { objectMode: false })),
  'an array of bytes': (data) => [data.subarray(0, 1), data.subarray(1, 1), data.subarray(1)],
  'single bytes': (data) => Array.from(data, (byte) => Buffer.of(byte)),
  'a generator': (data) =>
    (async function* () {
      await Promise.resolve()
      yield data
    })(),
}
for (const [what, make] of Object.entries(sources))
  test(`rows come from ${what}, with gzip or not`, async (t) => {
    const data = bytes('a,b\n1,"x\ny"\n2,z\n')
    const rows = [
      { a: 1, b: 'x\ny' },
      { a: 2, b: 'z' },
    ]
    t.deepEqual(rowsOf(await readCsv(make(data))), rows)
    t.deepEqual(rowsOf(await readCsv(make(gzipSync(data)))), rows)
  })

test('rows come from a path and a file: URL', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  const path = join(folder, 'rows')
  await writeFile(path, gzipSync('a\n1\n'))
  t.deepEqual(rowsOf(await readCsv(path)), [{ a: 1 }])
  t.deepEqual(rowsOf(await readCsv(pathToFileURL(path))), [{ a: 1 }])
  await writeFile(path, gzipSync('a\n1\n').subarray(0, -9))
  await t.throwsAsync(readCsv(path), badFile(`${path}: not a valid gzip file`))
  await writeFile(path, 'a\nx\n1,2\n')
  const error = await t.throwsAsync(readCsv(path))
  t.like(error, { path, line: 3, column: 'a' })
  await rm(folder, { recursive: true })
  await t.throwsAsync(readCsv(path), { code: 'ENOENT' })
})

test('a stream gives the rows of the whole, whatever the sizes of chunks and tables', async (t) => {
  const random = randomNumbers(2)
  const lines = Array.from({ length: 300 }, (_, i) => {
    const texts = ['x', '"y, z"', '"1\n2"', 'é', '']
    return `${i},${texts[Math.floor(5 * random())] ?? ''},${random()}`
  })
  const data = bytes(`a,b,c\n${lines.join('\n')}\n`)
  const whole = await readCsv(data)
  for (const [chunk, blockRows] of [
    [7, 1],
    [64, 10],
    [1000, 299],
    [1e6, 1000],
  ] as const) {
    const chunks = Array.from({ length: Math.ceil(data.length / chunk) }, (_, i) =>
      data.subarray(i * chunk, (i + 1) * chunk),
    ) // prettier-ignore
    const tables = await collect(streamCsv(chunks, { blockRows }))
    t.true(tables.slice(0, -1).every((table) => table.rows === blockRows))
    const joined = Table.concatenate(tables)
    for (const name of whole.names) t.deepEqual(joined.column(name), whole.column(name))
    // A category keeps its code.
    const codes = tables.flatMap((table) => {
      const column = table.column('b')
      return column.type === 'category' ? [...column.codes] : []
    })
    const column = whole.column('b')
    t.deepEqual(codes, column.type === 'category' && [...column.codes])
  }
})

test('what was written is read, whatever values, quotes, line ends and chunks', async (t) => {
  const random = randomNumbers(4)
  const below = (bound: number) => Math.floor(bound * random())
  const parts = ['a', 'b', '1', ' ', '"', ',', '\n', '\r\n', 'é', '#', ';']
  const makeCell = () => Array.from({ length: below(4) }, () => parts[below(parts.length)]).join('')
  for (let i = 0; i < 300; i++) {
    const columns = 2 + below(3)
    const grid = Array.from({ length: 1 + below(20) }, () => Array.from({ length: columns }, makeCell)) // prettier-ignore
    const quotes = random() // how many of the values that need none get them
    const write = (cell: string) =>
      /["\r\n,]/.test(cell) || random() < quotes ? `"${cell.replaceAll('"', '""')}"` : cell
    const end = i % 2 === 0 ? '\n' : '\r\n'
    const data = bytes(grid.map((row) => row.map(write).join(',')).join(end) + (i % 3 ? end : ''))
    const size = 1 + below(30)
    const chunks = Array.from({ length: Math.ceil(data.length / size) }, (_, k) =>
      data.subarray(k * size, (k + 1) * size),
    )
    const names = Array.from({ length: columns }, (_, j) => `c${j}`)
    const types = Object.fromEntries(names.map((name) => [name, 'category'] as const))
    const options = { missing: [], trim: false, delimiter: ',', columns: types, header: true }
    const head = bytes(`${names.join(',')}\n`)
    const table = await readCsv([head, ...chunks], options)
    t.deepEqual(rowsOf(table).map((row) => Object.values(row)), grid) // prettier-ignore
  }
})

for (const begin of ['a\n', `a\n${'1\n'.repeat(2000)}`])
  test(`a stream reads no further ahead than it must, and closes its source when left in chunk ${begin.length === 2 ? 2 : 1}`, async (t) => {
    let given = 0
    let closed = false
    const source = async function* () {
      try {
        yield begin
        for (;;) {
          await Promise.resolve()
          given++
          yield '1\n'.repeat(1000)
        }
      } finally {
        closed = true
      }
    }
    for await (const table of streamCsv(source(), { blockRows: 100 })) {
      t.is(table.rows, 100)
      break
    }
    t.true(closed)
    t.true(given <= 3)
  })

for (const packed of [false, true])
  test(`a source that fails ends the loop with its error and is closed${packed ? ', with gzip' : ''}`, async (t) => {
    const failure = new Error('the line is down')
    let closed = false
    const data = bytes(`a\n${'1\n'.repeat(5000)}`)
    const source = async function* () {
      try {
        yield packed ? gzipSync(data).subarray(0, 40) : data
        await Promise.resolve()
        throw failure
      } finally {
        closed = true
      }
    }
    let rows = 0
    const error = await t.throwsAsync(async () => {
      for await (const table of streamCsv(source(), { blockRows: 10 })) rows += table.rows
    })
    t.is(error, failure)
    t.true(closed)
    t.is(rows % 10, 0)
  })

test('a file can be streamed again, a stream cannot', async (t) => {
  const again = streamCsv(bytes('a\n1\n'))
  t.is((await collect(again)).length, 1)
  t.is((await collect(again)).length, 1)
  const once = streamCsv(Readable.from([bytes('a\n1\n')]))
  t.is((await collect(once)).length, 1)
  await t.throwsAsync(collect(once), { instanceOf: TypeError, message: /^The source was read/ })
})

test('a file of a header only has a table without rows, and a stream without tables', async (t) => {
  const table = await readCsv(bytes('a,b\n'))
  t.is(table.rows, 0)
  t.deepEqual(table.names, ['a', 'b'])
  t.deepEqual(await collect(streamCsv(bytes('a,b\n'))), [])
})

const damaged: readonly [what: string, text: string, message: string, options?: CsvOptions][] = [
  ['no bytes', '', 'it has no rows, and no header'],
  [
    'a row that is too short',
    'a,b,c\n1,2,3\n1,2\n',
    "line 3, column 'c': the row ends before it: it has 2 values, not 3",
  ],
  [
    'a row that is too long',
    'a,b\n1,2\n\n1,2,3\n',
    "line 4, column 'b': the row has more than 2 values",
  ],
  ['a name that comes twice', 'a,b,a\n', "line 1: two columns have the name 'a'"],
  [
    'a text in a column of numbers',
    'a,b\n1,x\n2,y\nz,y\n',
    "line 4, column 'a': 'z' is not a number",
    { columns: { a: 'number' } },
  ],
  [
    'too many categories',
    'a\nx\ny\nz\n',
    "line 4, column 'a': more than 2 different texts; leave the column out with `select`, or set `maximumCategories`",
    { maximumCategories: 2 },
  ],
]
for (const [what, text, message, options] of damaged)
  test(`a CSV file is refused: ${what}`, async (t) => {
    await t.throwsAsync(readCsv(bytes(text), options), badFile(message))
    // With quotes, which go another way; one line more.
    const quoted = text.replace('1,2\n', '"1\n",2\n')
    if (quoted !== text)
      await t.throwsAsync(
        readCsv(bytes(quoted), { ...options, columns: { a: 'category' } }),
        badFile(message.replace(/line (\d+)/, (_, line) => `line ${Number(line) + (what.includes('short') ? 0 : 1)}`)), // prettier-ignore
      )
  })

test('a quote that is not closed is told with its line', async (t) => {
  await t.throwsAsync(readCsv(bytes('a,b\n1,2\n3,"4\n5,6\n')), badFile(/^line 3.*: .*[Qq]uote/))
  await t.throwsAsync(readCsv(bytes('a,b\n1,"2"x\n')), badFile(/^line 2.*: .*[Qq]uote/))
})

test('a later value that does not fit names its line, however far behind', async (t) => {
  const text = `a,b\n${'1,x\n'.repeat(200_000)}no,x\n`
  const error = await t.throwsAsync(
    readCsv(bytes(text)),
    badFile("line 200002, column 'a': 'no' is not a number"),
  )
  t.like(error, { line: 200_002, column: 'a' })
  t.regex(error.stack ?? '', /csv\.test/)
})

test('wrong options and sources are refused at once', (t) => {
  const refuse = (options: object, message: string) => {
    t.throws(() => streamCsv(bytes(''), options), { message })
  }
  refuse(
    { delimeter: ',' },
    'Unknown option `delimeter` for `streamCsv`; did you mean `delimiter`?',
  )
  refuse({ delimiter: ',,' }, "Expected `delimiter` to be one ASCII character, got `',,'`")
  refuse(
    { delimiter: '"' },
    'Expected `delimiter`, `quote` and `comment` to be different characters',
  )
  refuse(
    { columns: { a: 'text' } },
    "Expected `columns.a` to be 'boolean', 'number', 'date' or 'category', got `'text'`",
  )
  refuse({ columns: ['a', 'b', 'a'] }, "Column 'a' is named twice")
  refuse({ select: ['a', 'a'] }, "Column 'a' is named twice")
  refuse({ columns: 5 }, 'Expected `columns` to be an object of types by name, or an array of names, got `5`') // prettier-ignore
  for (const source of [5, null, {}, Float64Array.of(1)])
    t.throws(() => streamCsv(source as unknown as string), {
      instanceOf: TypeError,
      message: /^Expected `source` to be a path, a file: URL, bytes, a stream/,
    })
})

test('a source of neither bytes nor texts is refused', async (t) => {
  await t.throwsAsync(readCsv([5] as unknown as string[]), {
    instanceOf: TypeError,
    message: 'Expected `source` to be an iterable of bytes or texts, got `5`',
  })
})

test('a record of many small chunks is found in time, whether its quote is closed or not', async (t) => {
  const lines = Array.from({ length: 30_000 }, () => 'a line of some sixty characters, which stand in one value .\n') // prettier-ignore
  const started = performance.now()
  const table = await readCsv(['a,b\n1,"', ...lines, '"\n2,x\n'])
  t.deepEqual(table.row(0), { a: 1, b: lines.join('').trim() })
  t.is(table.rows, 2)
  await t.throwsAsync(readCsv(['a,b\n1,"', ...lines]), { code: 'ERR_BAD_FILE' })
  t.true(performance.now() - started < 20_000)
})
