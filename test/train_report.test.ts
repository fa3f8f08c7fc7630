import test from 'ava'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ended, interrupt, start } from './helpers/command.js'
import { makeRows, toCsv } from './helpers/flowers.js'

// The pages that `gemmnet train` and `evaluate` write.

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  const rows = makeRows(400).map((row, i) => ({
    ...row,
    width: i % 5 === 0 ? '' : row.width,
    kind: i === 7 ? '' : row.kind,
  }))
  await writeFile(join(folder, 'flowers.csv'), toCsv(rows))
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

const gemmnet = async (...args: readonly string[]) => ended(start(folder, args))

async function report(name: string) {
  const path = join(folder, name)
  const page = await readFile(join(path, 'index.html'), 'utf8')
  return { files: (await readdir(path)).sort(), page }
}

/** The cells of the table below this heading, a row each. */
function tableBelow(page: string, heading: string): string[][] {
  const [table = ''] = page.split(`<h2>${heading}</h2>`)[1]?.split('</table>') ?? []
  return table
    .split('<tr>')
    .slice(1)
    .map((row) => [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell = '']) => cell))
}

const kindFlags = ['--target', 'kind', '--ignore', 'height', '--epochs', '4']

test.serial(
  'the report of classes has scores, columns, history, confusion, worst rows',
  async (t) => {
    const args = ['train', 'flowers.csv', ...kindFlags, '--report', 'made/report']
    const { stdout, stderr, code } = await gemmnet(...args)
    t.is(code, 0)
    t.true(stderr.endsWith(`Saved ${join('made/report', 'index.html')}\n`))
    const { files, page } = await report('made/report')
    t.deepEqual(files, [
      ...['confusion.svg', 'diagnosis.svg', 'history.json', 'history.svg'],
      ...['index.html', 'summary.json'],
    ])
    t.notRegex(page, /NaN|undefined|null|\[object|<script/)
    t.is(page.split('<svg ').length - 1, 3)
    t.true(page.includes('>dev</text>') && !page.includes('>validation</text>'))

    // The scores are those that were printed.
    for (const set of ['train', 'dev', 'test']) {
      const [, ...scores] = new RegExp(`^${set} .*`, 'm').exec(stdout)?.[0].split(/ {2,}/) ?? []
      t.is(scores.length, 4)
      for (const score of scores) t.true(page.includes(`>${score}</td>`), `${set}: ${score}`)
    }
    const columns = new Map(
      tableBelow(page, 'Columns').map(([name = '', ...rest]) => [name, rest] as const),
    )
    t.deepEqual(columns.get('id'), ['numbers', '0', 'left out: numbers the rows'])
    t.deepEqual(columns.get('height'), ['numbers', '0', 'left out: as told'])
    t.deepEqual(columns.get('kind'), ['2 texts', '0', 'the target'])
    t.deepEqual(columns.get('soil'), ['2 texts', '0', 'OneHotEncoder'])
    const [holds, missing, done] = columns.get('width') ?? []
    t.deepEqual([holds, done], ['numbers', 'SimpleImputer, StandardScaler'])
    t.true(Number(missing) > 0)

    // Rows have the numbers that they have in the file, which the column id has too.
    const [header = [], ...worst] = tableBelow(page, 'The worst rows')
    t.true(worst.length > 0)
    for (const row of worst) {
      t.is(row[0], row[header.indexOf('id')])
      t.not(row[1], row[2])
    }
    const likelihoods = worst.map((row) => parseFloat(row[3] ?? ''))
    t.deepEqual(
      likelihoods,
      [...likelihoods].sort((a, b) => a - b),
    )
  },
)

test.serial(
  'the report of numbers draws them against the truth, the worst rows first',
  async (t) => {
    const flags = ['--target', 'height', '--ignore', 'kind', '--split', '0.8,0.2', '--epochs', '4']
    const { code } = await gemmnet('train', 'flowers.csv', ...flags, '--report', 'numbers')
    t.is(code, 0)
    const { files, page } = await report('numbers')
    t.true(files.includes('predictions.svg'))
    t.true(page.includes('Predicted and true height, dev rows')) // there is no test set
    const [header = [], ...worst] = tableBelow(page, 'Predicted and true height')
    t.is(worst.length, 20)
    const errors = worst.map((row) => Math.abs(Number(row[3])))
    t.deepEqual(
      errors,
      [...errors].sort((a, b) => b - a),
    )
    for (const row of worst) {
      t.is(row[0], row[header.indexOf('id')])
      t.true(Math.abs(Number(row[2]) - Number(row[1]) - Number(row[3])) < 0.02)
    }
  },
)

test.serial('evaluate writes a report too, of all rows that have the target', async (t) => {
  t.is((await gemmnet('train', 'flowers.csv', ...kindFlags)).code, 0)
  const evaluated = await gemmnet('evaluate', 'model.safetensors', 'flowers.csv', '--report', 'all')
  t.is(evaluated.code, 0)
  const { files, page } = await report('all')
  t.deepEqual(files, ['confusion.svg', 'index.html'])
  t.true(page.includes('of 399 right'))
})

test.serial('a report does not change the model, and is there for no epochs too', async (t) => {
  const bytes = async (name: string, ...flags: readonly string[]) => {
    t.is((await gemmnet('train', 'flowers.csv', ...kindFlags, '--output', name, ...flags)).code, 0)
    return readFile(join(folder, name))
  }
  t.deepEqual(await bytes('a', '--report', 'a-report'), await bytes('b'))
  await bytes('c', '--epochs', '0', '--report', 'untrained')
  const { files, page } = await report('untrained')
  t.false(files.includes('history.svg'))
  t.notRegex(page, /NaN|undefined/)
})

test.serial('SIGINT leaves a report of the epochs that are finished', async (t) => {
  const flags = ['--epochs', '1000000', '--patience', '1000000', '--report', 'stopped']
  const { stdout, stderr, code } = await interrupt(folder, [
    'train',
    'flowers.csv',
    '--target',
    'kind',
    ...flags,
  ])
  t.is(code, 130)
  t.is(stdout, '')
  const [, epochs] = /Stopped after (\d+) of at most 1000000 epochs/.exec(stderr) ?? []
  const { page } = await report('stopped')
  t.true(page.includes(` ${epochs ?? ''} epochs in `))
})

test.serial('a folder that holds what is of no report is left as it is', async (t) => {
  const args = ['train', 'flowers.csv', ...kindFlags, '--report', 'site']
  await mkdir(join(folder, 'site'))
  await writeFile(join(folder, 'site', 'notes.txt'), 'mine')
  for (const name of ['index.html', 'summary.json', 'history.svg']) {
    await writeFile(join(folder, 'site', name), 'mine')
    const { stdout, stderr, code } = await gemmnet(...args)
    t.is(code, 1)
    t.is(stdout, '')
    t.regex(
      stderr,
      new RegExp(`^error: Cannot write site: it holds ${name}, which is of no report`),
    )
    t.is(await readFile(join(folder, 'site', name), 'utf8'), 'mine')
    await rm(join(folder, 'site', name))
  }
  t.is((await gemmnet(...args)).code, 0)
  t.is((await gemmnet(...args)).code, 0) // over its own
  t.is(await readFile(join(folder, 'site', 'notes.txt'), 'utf8'), 'mine')
})

test.serial('a report that cannot be written is noticed before the training', async (t) => {
  await writeFile(join(folder, 'in-the-way'), '')
  for (const command of [
    ['train', 'flowers.csv', ...kindFlags, '--epochs', '1000000'],
    ['evaluate', 'model.safetensors', 'flowers.csv'],
  ]) {
    const { stdout, stderr, code } = await gemmnet(...command, '--report', 'in-the-way')
    t.is(code, 1)
    t.is(stdout, '')
    t.is(stderr, 'error: Cannot write in-the-way: it is not a folder\n')
  }
})
