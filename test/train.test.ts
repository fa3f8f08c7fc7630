// Over 400 lines: every command for one's own data, as a user meets them.
import test from 'ava'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { dense, Model, Network, readCsv } from '../lib/index.js'
import { taskOf } from '../lib/cli/task.js'
import { ended, escape, interrupt, start } from './helpers/command.js'
import { randomNumbers } from './helpers/data.js'
import { makeRows, toCsv } from './helpers/flowers.js'

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  const rows = makeRows(400)
  await writeFile(join(folder, 'flowers.csv'), toCsv(rows))
  await writeFile(
    join(folder, 'flowers.jsonl.gz'),
    gzipSync(rows.map((row) => JSON.stringify(row)).join('\n')),
  )
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

// Of Node's versions that these types know, none can.
const readsTypeScript = 'typescript' in process.features && process.features.typescript !== false

const gemmnet = async (...args: readonly string[]) => ended(start(folder, args))

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, code, stderr } = await gemmnet(...args, '--json')
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Record<string, unknown>
}

const kindFlags = ['--target', 'kind', '--ignore', 'height', '--epochs', '40']
const heightFlags = ['--target', 'height', '--ignore', 'kind', '--epochs', '40']

test.serial('train finds out the task, trains, prints a summary and saves a model', async (t) => {
  const { stdout, stderr, code } = await gemmnet('train', 'flowers.csv', ...kindFlags)
  t.is(code, 0)
  t.true(stdout.startsWith('Task: classification of kind (2 texts)\n'))
  for (const line of [
    'Rows: 280 train, 60 dev, 60 test (seed 0)',
    '  left out: id, numbers the rows',
    '  left out: code, has another text in nearly every row',
    '  left out: height, as told',
  ])
    t.true(stdout.includes(`${line}\n`), line)
  for (const word of ['OneHotEncoder', 'Network: ', 'Diagnosis: ', 'accuracy'])
    t.true(stdout.includes(word), word)
  t.regex(stderr, /^Epoch 1\/40, dev loss .*\n(Epoch \d+\/40, .*\n)+Saved model\.safetensors\n$/)
  t.false((stdout + stderr).includes(escape))
  const model = await Model.load(join(folder, 'model.safetensors'))
  t.deepEqual(model.classes, ['iris', 'rose'])
})

test.serial('the summary as JSON is one object, and the model is as good as it says', async (t) => {
  const summary = await json('train', 'flowers.csv', ...heightFlags)
  t.is(summary.task, 'regression')
  const scores = summary.scores as Record<string, { rows: number; r2: number }>
  t.deepEqual(Object.keys(scores), ['train', 'dev', 'test'])
  t.true((scores.test?.r2 ?? 0) > 0.9)
  const { bestEpoch, finishedEpochs } = summary.training as Record<string, number>
  t.true((bestEpoch ?? 0) >= 1 && (bestEpoch ?? 0) <= (finishedEpochs ?? 0))
  const all = await json('evaluate', 'model.safetensors', 'flowers.csv')
  t.is(all.rows, 400)
  t.true(Number(all.r2) > 0.9)
})

test.serial('the same seed gives the same model, another one another', async (t) => {
  const bytes = async (name: string, ...flags: readonly string[]) => {
    const { code } = await gemmnet('train', 'flowers.csv', ...kindFlags, '--output', name, ...flags)
    t.is(code, 0)
    return readFile(join(folder, name))
  }
  const first = await bytes('one.safetensors')
  t.deepEqual(await bytes('two.safetensors', '--threads', '1'), first)
  t.notDeepEqual(await bytes('three.safetensors', '--seed', '1'), first)
})

test.serial('CSV and compressed JSON lines of the same rows give the same scores', async (t) => {
  // Numbers are texts in these JSON lines, so only what is text in both is used.
  const flags = [...kindFlags, '--ignore', 'height,id,length,width,day,code,plot']
  const scores = async (file: string) => (await json('train', file, ...flags)).scores
  t.deepEqual(await scores('flowers.jsonl.gz'), await scores('flowers.csv'))
})

test.serial('columns of an npy file are x0, x1 and so on', async (t) => {
  const random = randomNumbers(3)
  const values = Float64Array.from({ length: 300 * 3 }, () => random())
  for (let i = 0; i < values.length; i += 3) values[i + 2] = 2 * (values[i] ?? 0) + 5
  await writeFile(join(folder, 'rows.npy'), npy(values, [300, 3]))
  const flags = ['--target', 'x2', '--epochs', '60', '--output', 'npy.safetensors']
  const { task, scores } = await json('train', 'rows.npy', ...flags)
  t.is(task, 'regression')
  t.true(((scores as Record<string, { r2: number }>).test?.r2 ?? 0) > 0.9)
  await writeFile(join(folder, 'new.npy'), npy(Float64Array.of(0.5, 0.5), [1, 2]))
  const { x2 } = await json('predict', 'npy.safetensors', 'new.npy')
  t.true(Math.abs(Number((x2 as number[])[0]) - 6) < 0.5)
})

function npy(values: Float64Array, shape: readonly number[]): Buffer {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`
  const header = `${text.padEnd(128 - 10 - 1)}\n`
  const length = Buffer.alloc(2)
  length.writeUInt16LE(header.length)
  const magic = Buffer.from('\x93NUMPY\x01\x00', 'latin1')
  return Buffer.concat([magic, length, Buffer.from(header), Buffer.from(values.buffer)])
}

test('whole numbers of few values and texts are classes, other numbers are not', (t) => {
  const numbers = (values: readonly number[]) => ({
    type: 'number' as const,
    values: Float64Array.from(values),
  })
  const range = (count: number, of: number) => Array.from({ length: count }, (_, i) => i % of)
  t.is(taskOf('y', numbers(range(100, 3)), undefined).task, 'classification')
  t.is(taskOf('y', numbers(range(100, 3)), 'regression').task, 'regression')
  t.is(taskOf('y', numbers(range(100, 50)), undefined).task, 'regression')
  t.is(taskOf('y', numbers(range(30, 15)), undefined).task, 'regression')
  t.is(taskOf('y', numbers([0.5, 1.5, 0.5]), undefined).task, 'regression')
  t.throws(() => taskOf('y', numbers([1, 1, 1]), undefined), { message: /one value only/ })
})

test.serial('groups stay together, and time puts test rows last', async (t) => {
  const grouped = await json('train', 'flowers.csv', ...kindFlags, '--groups', 'plot')
  const { leftOut } = grouped.columns as { leftOut: { column: string; reason: string }[] }
  t.true(leftOut.some(({ column, reason }) => column === 'plot' && reason === 'groups the rows'))
  const timed = await gemmnet('train', 'flowers.csv', ...kindFlags, '--time', 'day')
  t.is(timed.code, 0)
  t.true(timed.stdout.includes('(by day, seed 0)'))
  t.true(timed.stdout.includes('left out: day, orders the rows'))
})

test.serial('rows without a target are left out, with a note', async (t) => {
  const rows = makeRows(120).map((row, i) => (i % 10 === 0 ? { ...row, kind: '' } : row))
  await writeFile(join(folder, 'gaps.csv'), toCsv(rows))
  const { stderr, stdout, code } = await gemmnet('train', 'gaps.csv', ...kindFlags)
  t.is(code, 0)
  t.true(stderr.includes("12 rows without 'kind' are left out\n"))
  const [, ...counts] = /Rows: (\d+) train, (\d+) dev, (\d+) test/.exec(stdout) ?? []
  t.is(
    counts.reduce((sum, count) => sum + Number(count), 0),
    108,
  )
})

test.serial('many categories are embedded, and unknown ones predicted all the same', async (t) => {
  const rows = makeRows(400).map((row, i) => ({ ...row, shop: `S${i % 50}` }))
  await writeFile(join(folder, 'shops.csv'), toCsv(rows))
  const output = 'shops.safetensors'
  const trained = await json('train', 'shops.csv', ...kindFlags, '--output', output)
  const { layers } = trained.network as { layers: { type: string }[] }
  t.is(layers[0]?.type, 'embedding')
  await writeFile(
    join(folder, 'shops-new.csv'),
    toCsv(rows.slice(0, 3).map((row) => ({ ...row, shop: 'new' }))),
  )
  const { kind } = await json('predict', output, 'shops-new.csv')
  t.is((kind as string[]).length, 3)
})

test.serial('predict writes a line for each row, as CSV or JSON lines', async (t) => {
  await gemmnet('train', 'flowers.csv', ...kindFlags)
  const toStdout = await gemmnet('predict', 'model.safetensors', 'flowers.csv')
  t.is(toStdout.code, 0)
  t.is(toStdout.stderr, '')
  const [header, ...lines] = toStdout.stdout.trimEnd().split('\n')
  t.is(header, 'kind,probability')
  t.is(lines.length, 400)
  for (const line of lines) t.regex(line, /^(iris|rose),(0\.[5-9]|1)/)
  const flags = ['model.safetensors', 'flowers.csv', '--output']
  t.is((await gemmnet('predict', ...flags, 'out.csv')).stderr, 'Saved out.csv\n')
  t.is(await readFile(join(folder, 'out.csv'), 'utf8'), toStdout.stdout)
  await gemmnet('predict', ...flags, 'out.jsonl')
  const [first = ''] = (await readFile(join(folder, 'out.jsonl'), 'utf8')).split('\n')
  t.deepEqual(lines[0]?.split(','), Object.values(JSON.parse(first) as object).map(String))
  t.is((await gemmnet('predict', ...flags, 'out.txt')).code, 2)

  const keep = ['--keep', 'kind,width']
  const kept = await json('predict', 'model.safetensors', 'flowers.csv', ...keep)
  t.deepEqual(Object.keys(kept), ['kind', 'width', 'predicted kind', 'probability'])
  const table = await readCsv(join(folder, 'flowers.csv'))
  t.deepEqual(
    kept.width,
    Array.from({ length: 400 }, (_, row) => table.row(row).width),
  )
  t.deepEqual(
    kept['predicted kind'],
    lines.map((line) => line.split(',')[0]),
  )
  const wrong = await gemmnet('predict', 'model.safetensors', 'flowers.csv', '--keep', 'widht')
  t.regex(wrong.stderr, /Unknown column `widht`; did you mean `width`/)
})

test.serial('predict does without the target, and names a column that is missing', async (t) => {
  const rows = makeRows(5).map(({ length, width, soil, plot, day }) => ({
    length,
    width,
    soil,
    plot,
    day,
  }))
  await writeFile(join(folder, 'new.csv'), toCsv(rows))
  t.is((await gemmnet('predict', 'model.safetensors', 'new.csv')).code, 0)
  await writeFile(
    join(folder, 'less.csv'),
    toCsv(rows.map(({ length, width }) => ({ length, width }))),
  )
  const { stderr, code } = await gemmnet('predict', 'model.safetensors', 'less.csv')
  t.is(code, 1)
  t.regex(stderr, /^error: less\.csv: Unknown column `\w+`; .*\n$/)
})

test.serial('diagnose deals the rows as train did, or takes a file for each set', async (t) => {
  const trained = await json('train', 'flowers.csv', ...kindFlags, '--seed', '3')
  const model = 'model.safetensors'
  const again = await json('diagnose', model, 'flowers.csv', '--seed', '3')
  t.deepEqual(again, trained.diagnosis)
  const sets = ['--train', 'flowers.csv', '--dev', 'flowers.csv', '--output', 'gaps.svg']
  const { stdout, code } = await gemmnet('diagnose', model, ...sets)
  t.is(code, 0)
  t.regex(stdout, /Avoidable bias/)
  t.regex(await readFile(join(folder, 'gaps.svg'), 'utf8'), /^<svg/)
  t.is((await gemmnet('diagnose', model)).code, 2)
  t.is((await gemmnet('diagnose', model, 'flowers.csv', '--dev', 'flowers.csv')).code, 2)
})

test.serial('inspect shows layers, preparation and classes, and a network alone too', async (t) => {
  const { stdout, code } = await gemmnet('inspect', 'model.safetensors')
  t.is(code, 0)
  for (const word of [
    'dense softmax',
    'OneHotEncoder',
    'Target: kind',
    'iris, rose',
    'format gemmnet 1',
  ])
    t.true(stdout.includes(word), word)
  await new Network({ inputs: 2, layers: [dense(3)] }).save(join(folder, 'network.safetensors'))
  const network = await json('inspect', 'network.safetensors')
  t.is(network.holds, 'a network')
  t.is(network.preparation, undefined)
  await writeFile(join(folder, 'nonsense'), 'nonsense')
  t.is((await gemmnet('inspect', 'nonsense')).code, 1)
})

test.serial('info names versions, BLAS, instruction set and threads', async (t) => {
  const facts = await json('info')
  t.is(facts.node, process.version)
  for (const name of ['gemmnet', 'blas', 'blasKernel', 'instructionSet', 'threads'])
    t.true(name in facts, name)
  t.regex((await gemmnet('info')).stdout, /^gemmnet +\d.*\nNode +v/)
})

test.serial('a config file says what flags do not', async (t) => {
  const config = { data: 'flowers.csv', target: 'kind', ignore: ['height'], epochs: 3, hidden: [4] }
  await writeFile(join(folder, 'train.json'), JSON.stringify(config))
  const summary = await json('train', '--config', 'train.json', '--hidden', '5,6')
  t.is(summary.data, 'flowers.csv')
  const { hidden, epochs } = summary.training as Record<string, unknown>
  t.deepEqual([hidden, epochs], [[5, 6], 3])
  await writeFile(join(folder, 'train.mjs'), `export default ${JSON.stringify(config)}`)
  const module = await json('train', '--config', 'train.mjs')
  t.deepEqual((module.training as Record<string, unknown>).hidden, [4])
})

test.serial('a config file in TypeScript is read where Node can, else refused', async (t) => {
  const source = `interface Flags { readonly target: string }
    export default { target: 'kind', epochs: 2, ignore: ['height'] } satisfies Flags & object`
  for (const name of ['typed.ts', 'typed.mts']) {
    await writeFile(join(folder, name), source)
    const { stderr, code } = await gemmnet('train', 'flowers.csv', '--config', name)
    if (readsTypeScript) {
      t.is(code, 0, stderr)
      t.true(stderr.includes('Epoch 2/2'))
    } else {
      t.is(code, 2)
      t.regex(stderr, /^error: typed\.m?ts: Node v[\d.]+ imports no TypeScript \(22\.18 .*\n$/)
    }
  }
})

test.serial('a config file can be CommonJS; one that is not there is said in a line', async (t) => {
  const config = { target: 'kind', ignore: ['height'], epochs: 2 }
  await writeFile(join(folder, 'train.cjs'), `module.exports = ${JSON.stringify(config)}`)
  const { stderr } = await gemmnet('train', 'flowers.csv', '--config', 'train.cjs')
  t.true(stderr.includes('Epoch 2/2'))
  for (const name of ['nowhere.json', 'nowhere.mjs', 'nowhere.ts'])
    t.regex((await gemmnet('train', '--config', name)).stderr, /^error: ENOENT: .*nowhere.*\n$/)
  await writeFile(join(folder, 'mistaken.cjs'), 'export default {}')
  const mistaken = await gemmnet('train', '--config', 'mistaken.cjs')
  t.regex(mistaken.stderr, /error: mistaken\.cjs: .*a module ends in \.mjs or \.mts\n$/)
  await writeFile(join(folder, 'nothing.mjs'), 'export const target = 1')
  const nothing = await gemmnet('train', '--config', 'nothing.mjs')
  t.is(nothing.stderr, 'error: nothing.mjs: expected an object of flags\n')
})

test.serial('names with commas are quoted in flags, and plain in a config file', async (t) => {
  const name = 'height, "cm"'
  const rows = makeRows(100).map(({ height, ...row }) => ({ ...row, [name]: height }))
  const [, ...lines] = toCsv(rows).split('\n')
  const header = Object.keys(rows[0] ?? {}).map((one) => `"${one.replaceAll('"', '""')}"`)
  await writeFile(join(folder, 'commas.csv'), [header.join(','), ...lines].join('\n'))
  await writeFile(join(folder, 'commas.json'), JSON.stringify({ ignore: ['soil', name, 'plot'] }))
  const args = ['train', 'commas.csv', '--target', 'kind', '--epochs', '1']
  for (const { columns } of [
    await json(...args, '--ignore', 'soil, "height, ""cm""" ,plot'),
    await json(...args, '--config', 'commas.json'),
  ]) {
    const { leftOut } = columns as { leftOut: { column: string; reason: string }[] }
    const told = leftOut.filter(({ reason }) => reason === 'as told')
    t.deepEqual(told.map(({ column }) => column).sort(), [name, 'plot', 'soil'])
  }
})

test.serial('what a config file should not say is refused by name', async (t) => {
  for (const [config, message] of [
    ['{ "targt": "kind" }', 'Unknown option `targt` for `train`; did you mean `target`?'],
    ['{ "epochs": -1 }', 'Expected `--epochs` to be a non-negative integer, got `-1`'],
    ['{ "json": "yes" }', "Expected `json` to be true or false, got `'yes'`"],
    ['{ "target": null }', 'Expected `target` to be a text, a number or an array, got `null`'],
    ['[]', 'expected an object of flags'],
  ] as const) {
    await writeFile(join(folder, 'wrong.json'), config)
    t.deepEqual(await gemmnet('train', 'flowers.csv', '--config', 'wrong.json'), {
      stdout: '',
      stderr: `error: wrong.json: ${message}\n`,
      code: 2,
      signal: null,
    })
  }
})

test.serial('wrong usages and unfit data are said in one line', async (t) => {
  const flowers = ['train', 'flowers.csv']
  for (const [code, args, message] of [
    [2, ['train'], 'Say which file to train on'],
    [2, flowers, 'Say which column to predict: --target <column>'],
    [2, [...flowers, '--target', 'kin'], 'Unknown column `kin`; did you mean `kind`?'],
    [
      2,
      [...flowers, '--target', 'kind', '--split', '0.9'],
      /^Expected `--split` to be two or three/,
    ],
    [2, [...flowers, '--target', 'kind', '--task', 'regression'], /holds texts: regression needs/],
    [
      2,
      [...flowers, '--target', 'kind', '--hidden', '1e12'],
      /^The layers have \d+ parameters; at/,
    ],
    [1, [...flowers, '--target', 'day'], /holds dates/],
    [1, [...flowers, '--target', 'code'], /has 400 different texts in 400 rows, not classes/],
    [2, ['train', 'flowers.xlsx', '--target', 'kind'], /^flowers\.xlsx: expected a file of \.csv/],
    [1, ['train', 'nowhere.csv', '--target', 'kind'], /^ENOENT/],
  ] as const) {
    const ran = await gemmnet(...args)
    t.is(ran.code, code, args.join(' '))
    t.is(ran.stdout, '')
    const [, said = ''] = /^error: (.*)\n$/.exec(ran.stderr) ?? []
    if (typeof message === 'string') t.is(said, message)
    else t.regex(said, message)
  }
})

const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')

const nastyFiles: Readonly<Record<string, string>> = {
  // A byte order mark, semicolons, quoted line ends and quotes, CR LF, empty targets.
  'customers.csv': `\ufeffno;name;note;since;sales;left\r\n${lines(80, (i) => {
    const note = `"line 1\nline ""2""; ${i}"`
    const day = `2020-01-${String((i % 28) + 1).padStart(2, '0')}`
    return `${10_001 + i};Firm ${i};${note};${day};${(i * 37) % 40};${i % 9 === 0 ? '' : 'yn'.charAt(i % 2)}\r`
  })}`,
  'five.csv': 'a,b,y\n1,2,x\n2,3,y\n3,1,x\n4,4,y\n5,0,x',
  'two.csv': 'a,b,y\n1,2,x\n2,3,y',
  'one-class.csv': `a,y\n${lines(40, (i) => `${i / 7},yes`)}`,
  'no-columns.csv': `id,c,y\n${lines(40, (i) => `${i},7,${i % 2}`)}`,
  'decimal-commas.csv': `a;y\n${lines(40, (i) => `${i / 7};${i},5`)}`,
  'ragged.csv': 'a,b,y\n1,2,3\n1,2\n4,5,6',
  'twice.csv': 'a,a,y\n1,2,3',
  'empty.csv': '',
  'names-only.csv': 'a,b,y\n',
}

test.serial('files as people have them are trained on, or refused in a line', async (t) => {
  for (const [name, content] of Object.entries(nastyFiles))
    await writeFile(join(folder, name), content)
  const customers = await json('train', 'customers.csv', '--target', 'left', '--epochs', '2')
  t.deepEqual(customers.classes, ['n', 'y'])
  const { leftOut } = customers.columns as { leftOut: { column: string }[] }
  t.deepEqual(
    leftOut.map(({ column }) => column),
    ['no', 'name', 'note'],
  )
  const five = await json('train', 'five.csv', '--target', 'y', '--epochs', '2')
  t.is(five.task, 'classification')
  for (const [name, message] of [
    ['two.csv', /^two\.csv: 2 rows with 'y' are too few for train, dev, test$/],
    ['one-class.csv', /^Column 'y' has one value only: there is nothing to predict$/],
    [
      'no-columns.csv',
      / no columns to predict 'y' from; id numbers the rows; c has one value only$/,
    ],
    ['decimal-commas.csv', /^Column 'y' has numbers with decimal commas, which are read as texts$/],
    ['ragged.csv', /ragged\.csv, line 3, column 'y': the row ends before it/],
    ['twice.csv', /two columns have the name 'a'/],
    ['empty.csv', /has no rows/],
    ['names-only.csv', /has no rows/],
  ] as const) {
    const { stdout, stderr, code } = await gemmnet('train', name, '--target', 'y')
    t.is(code, 1, name)
    t.is(stdout, '')
    t.regex(/^error: (.*)\n$/.exec(stderr)?.[1] ?? '', message)
  }
})

const ranks = (name: string) =>
  `${name},b,y\n${lines(100, (i) => `${((37 * i) % 100) + 1},${i / 7},${2 * ((37 * i) % 100)}`)}`

test.serial('a column numbers the rows if it is in order, or is called so', async (t) => {
  await writeFile(
    join(folder, 'in-order.csv'),
    `n,b,y\n${lines(100, (i) => `${500 - i},${i % 7},${i / 3}`)}`,
  )
  for (const [name, isLeftOut] of [
    ['rank', false],
    ['humid', false],
    ['Passenger_ID', true],
    ['houseId', true],
  ] as const) {
    await writeFile(join(folder, 'ranks.csv'), ranks(name))
    const { columns } = await json('train', 'ranks.csv', '--target', 'y', '--epochs', '1')
    const { leftOut } = columns as { leftOut: unknown[] }
    t.deepEqual(leftOut, isLeftOut ? [{ column: name, reason: 'numbers the rows' }] : [])
  }
  const { columns } = await json('train', 'in-order.csv', '--target', 'y', '--epochs', '1')
  t.deepEqual((columns as { leftOut: unknown[] }).leftOut, [
    { column: 'n', reason: 'numbers the rows' },
  ])
})

test.serial('the text that makes a column one of texts is named', async (t) => {
  const cell = (i: number) => (i === 7 ? 'none' : `${i / 7}`)
  await writeFile(
    join(folder, 'stray.csv'),
    `a,b,y\n${lines(100, (i) => `${cell(i)},${i % 5},${i}`)}`,
  )
  const { columns } = await json('train', 'stray.csv', '--target', 'y', '--epochs', '1')
  const reason = "has another text in nearly every row; it would have numbers but for 'none'"
  t.deepEqual((columns as { leftOut: unknown[] }).leftOut, [{ column: 'a', reason }])
  const asTarget = await gemmnet('train', 'stray.csv', '--target', 'a')
  t.regex(asTarget.stderr, /not classes; it would have numbers but for 'none'\n$/)
})

test.serial('names of all kinds are columns and targets', async (t) => {
  const rows = (names: string) =>
    `${names}\n${lines(200, (i) => `${i % 3},${i % 7},${i % 2 === 0 ? 'x' : 'z'}`)}`
  for (const [names, target, own] of [
    ['a,b,probability', 'probability', 'probability of it'],
    ['a,b,__proto__', '__proto__', 'probability'],
    ['__proto__,"b\nc",y', 'y', 'probability'],
  ] as const) {
    await writeFile(join(folder, 'names.csv'), rows(names))
    const flags = ['--target', target, '--categories', names.slice(0, names.indexOf(','))]
    const { stdout, code } = await gemmnet('train', 'names.csv', ...flags, '--epochs', '1')
    t.is(code, 0)
    if (names.includes('\n')) t.regex(stdout, /: 'b\\nc'$/m)
    const predicted = await json('predict', 'model.safetensors', 'names.csv')
    t.deepEqual(Object.keys(predicted), [target, own])
    for (const value of predicted[target] as unknown[]) t.true(value === 'x' || value === 'z')
  }
  // Digits that were learned as texts are read as texts.
  const { preparation } = await json('inspect', 'model.safetensors')
  t.true(JSON.stringify(preparation).includes('__proto__'))
})

test.serial('--encoding latin1 reads what is not UTF-8', async (t) => {
  const text = toCsv(makeRows(100)).replaceAll('rose', 'Röschen').replace('soil', 'Böden')
  await writeFile(join(folder, 'latin.csv'), Buffer.from(text, 'latin1'))
  const train = ['train', 'latin.csv', '--target', 'kind', '--epochs', '1']
  t.regex(
    (await gemmnet(...train)).stderr,
    /latin\.csv, line 1: not UTF-8; give `encoding: 'latin1'`/,
  )
  const encoding = ['--encoding', 'latin1']
  const { classes, diagnosis } = await json(...train, ...encoding)
  t.deepEqual(classes, ['Röschen', 'iris'])
  const used = ['model.safetensors', 'latin.csv', ...encoding]
  const { kind } = await json('predict', ...used)
  t.is((kind as string[]).length, 100)
  t.is((await json('evaluate', ...used)).rows, 100)
  t.deepEqual(await json('diagnose', ...used), diagnosis)
  const apart = ['--train', 'latin.csv', '--dev', 'latin.csv']
  t.is((await gemmnet('diagnose', 'model.safetensors', ...apart, ...encoding)).code, 0)
  t.is((await gemmnet(...train, '--encoding', 'utf-16')).code, 2)
})

test.serial('no file that is read is replaced', async (t) => {
  const before = await readFile(join(folder, 'flowers.csv'))
  t.is((await gemmnet('train', 'flowers.csv', ...kindFlags)).code, 0)
  const model = await readFile(join(folder, 'model.safetensors'))
  for (const args of [
    ['train', 'flowers.csv', ...kindFlags, '--output', './flowers.csv'],
    ['predict', 'model.safetensors', 'flowers.csv', '--output', join(folder, 'flowers.csv')],
    ['diagnose', 'model.safetensors', 'flowers.csv', '--output', 'model.safetensors'],
  ]) {
    const { stdout, stderr, code } = await gemmnet(...args)
    t.is(code, 2)
    t.is(stdout, '')
    t.regex(stderr, /^error: Cannot write .*: it is read, and would be lost\n$/)
  }
  t.deepEqual(await readFile(join(folder, 'flowers.csv')), before)
  t.deepEqual(await readFile(join(folder, 'model.safetensors')), model)
})

test.serial('SIGINT keeps the weights of the best epoch and exits with 130', async (t) => {
  const flags = ['--epochs', '1000000', '--patience', '1000000', '--output', 'stopped.safetensors']
  const { stdout, stderr, code } = await interrupt(folder, [
    'train',
    'flowers.csv',
    '--target',
    'kind',
    ...flags,
  ])
  t.is(code, 130)
  t.is(stdout, '')
  t.regex(stderr, /Stopped after \d+ of at most 1000000 epochs; the weights of the best one are in/)
  await t.notThrowsAsync(Model.load(join(folder, 'stopped.safetensors')))
})
