import type { ExecutionContext } from 'ava'
import test from 'ava'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pace, rowsPerSecond, toLine } from '../lib/cli/progress.js'
import { Model } from '../lib/index.js'
import { escape, hasTerminals, inTerminal, shownLines } from './helpers/command.js'
import { makeRows, toCsv } from './helpers/flowers.js'

// What `gemmnet train` looks like in a real pseudo-terminal, and where its streams are none.

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  await writeFile(join(folder, 'flowers.csv'), toCsv(makeRows(400)))
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

const withTerminal = hasTerminals ? test.serial : test.serial.skip
const train = 'train flowers.csv --target kind --ignore height'
/** Long enough for some drawings, of which there are ten a second. */
const slow = `${train} --epochs 4000 --patience 4000`
const endless = `${train} --epochs 1000000 --patience 1000000`

const bar = /^Epoch \d+\/\d+ \[=*-*\]/
const barsOf = (output: string) => shownLines(output).filter((line) => bar.test(line))
const colour = new RegExp(`${escape}\\[[\\d;]*m`)

/** The terminal is as it was: its cursor is shown and back, and lines wrap. */
function checkLeftAsItWas(t: ExecutionContext, output: string): void {
  const isReset = (set: string, reset: string) =>
    output.lastIndexOf(set) <= output.lastIndexOf(reset)
  t.true(isReset(`${escape}[?25l`, `${escape}[?25h`), 'the cursor is hidden')
  t.true(isReset(`${escape}[?7l`, `${escape}[?7h`), 'lines do not wrap')
  t.true(isReset(`${escape}7`, `${escape}8`), 'the cursor is not back')
}

withTerminal('the results stand where the progress was, of which nothing is left', async (t) => {
  const { stdout, code } = await inTerminal(folder, slow, { columns: 120 })
  t.is(code, 0)
  t.true(barsOf(stdout).length > 1)
  const [, results = '', ...more] = stdout.split(`${escape}[2K`)
  t.deepEqual(more, [])
  t.true(results.startsWith('Task: classification of kind (2 texts)\r\n'))
  t.true(results.endsWith('Saved model.safetensors\r\n'))
  t.false(results.includes(escape))
  checkLeftAsItWas(t, stdout)
})

withTerminal(
  'a bar shows epoch, loss, metric and time left; a wide one rate and loss',
  async (t) => {
    const usual = barsOf((await inTerminal(folder, slow, { columns: 80 })).stdout)
    const wide = barsOf((await inTerminal(folder, slow, { columns: 120 })).stdout)
    t.true(usual.length > 0 && wide.length > 0)
    for (const line of [...usual, ...wide])
      t.regex(line, /\] dev loss \d\.\d{4}, accuracy [\d.]+ %, < \d+ (s|min|h) left/)
    for (const line of usual) t.true(line.length <= 79)
    for (const line of wide) t.regex(line, / left, [\d.]+[KM]? rows\/s, loss \d\.\d{4}$/)
  },
)

withTerminal('the bar is as full as epochs are done, and grows', async (t) => {
  const { stdout } = await inTerminal(folder, slow, { columns: 120 })
  const shares = barsOf(stdout).map((line) => {
    const [, done, total, full = '', rest = ''] = /Epoch (\d+)\/(\d+) \[(=*)(-*)\]/.exec(line) ?? []
    const width = full.length + rest.length
    t.is(full.length, Math.round((Number(done) / Number(total)) * width))
    return Number(done)
  })
  t.deepEqual(
    shares,
    [...shares].sort((a, b) => a - b),
  )
})

withTerminal(
  'in 40 columns no line of the progress is longer, and its parts are whole',
  async (t) => {
    const { stdout, code } = await inTerminal(folder, slow, { columns: 40 })
    t.is(code, 0)
    const [progress = ''] = stdout.split('Task: ')
    t.true(barsOf(progress).length > 1)
    for (const line of shownLines(progress)) {
      t.true(line.length < 40, line)
      t.regex(line, /^(Reading flowers\.csv|Epoch \d+\/4000 \[=*-*\] dev loss \d\.\d{4})$/)
    }
  },
)

withTerminal('a terminal too narrow for a bar shows what it can', async (t) => {
  const { stdout, code } = await inTerminal(folder, slow, { columns: 12 })
  t.is(code, 0)
  const [progress = ''] = stdout.split('Task: ')
  const lines = shownLines(progress)
  t.true(lines.some((line) => line.startsWith('Epoch ')))
  for (const line of lines) t.true(line.length < 12, line)
})

for (const [name, variables] of [
  ['NO_COLOR', { NO_COLOR: '1' }],
  ['FORCE_COLOR', { FORCE_COLOR: '3', COLORTERM: 'truecolor' }],
] as const)
  withTerminal(`with ${name} nothing is in colour, and the bar is there`, async (t) => {
    const { stdout, code } = await inTerminal(folder, slow, { columns: 100, variables })
    t.is(code, 0)
    t.notRegex(stdout, colour)
    t.true(barsOf(stdout).length > 0)
    const wrong = await inTerminal(folder, `${train} --task wrong`, { variables })
    t.is(wrong.code, 2)
    t.notRegex(wrong.stdout, colour)
    t.notRegex((await inTerminal(folder, 'train --help', { variables })).stdout, colour)
  })

withTerminal('a terminal that cannot rewrite a line gets plain ones', async (t) => {
  const options = { columns: 120, variables: { TERM: 'dumb' } }
  const { stdout } = await inTerminal(folder, `${train} --epochs 20`, options)
  t.false(stdout.includes(escape))
  t.regex(stdout, /^Epoch 1\/20, dev loss .*\r\nEpoch 10\/20, .*\r\nEpoch 20\/20, .*\r\nTask: /)
})

withTerminal('piped results are results only, while the terminal has the bar', async (t) => {
  const { stdout, code } = await inTerminal(folder, `${slow} --json > piped.json`)
  t.is(code, 0)
  const summary = JSON.parse(await readFile(join(folder, 'piped.json'), 'utf8')) as object
  t.like(summary, { task: 'classification', target: 'kind' })
  t.true(barsOf(stdout).length > 1)
  t.is(stdout.split(`${escape}[2K`).at(-1), 'Saved model.safetensors\r\n')
  checkLeftAsItWas(t, stdout)
})

withTerminal('progress to a file is plain lines, while the terminal has the results', async (t) => {
  const args = `${train} --epochs 20 2> progress.txt`
  const { stdout, code } = await inTerminal(folder, args)
  t.is(code, 0)
  t.false(stdout.includes(escape))
  t.true(stdout.startsWith('Task: '))
  t.notRegex(stdout, /Epoch \d/)
  t.regex(
    await readFile(join(folder, 'progress.txt'), 'utf8'),
    /^(Epoch (1|10|20)\/20, dev loss .*\n){3}Saved model\.safetensors\n$/,
  )
})

withTerminal(
  'Ctrl-C takes the bar away, says what is kept, and leaves the terminal well',
  async (t) => {
    const args = `${endless} --output typed.safetensors`
    const { stdout, code } = await inTerminal(folder, args, { type: '\x03', after: 'Epoch' })
    t.is(code, 130)
    const said = stdout.split(`${escape}[2K`).at(-1) ?? ''
    t.regex(said, /^Stopped after \d+ of at most 1000000 epochs; .* are in typed\.safetensors\r\n$/)
    checkLeftAsItWas(t, stdout)
    await t.notThrowsAsync(Model.load(join(folder, 'typed.safetensors')))
  },
)

withTerminal('Ctrl-C with piped results leaves them empty', async (t) => {
  const args = `${endless} --output typed.safetensors > nothing.txt`
  const { stdout, code } = await inTerminal(folder, args, { type: '\x03', after: 'Epoch' })
  t.is(code, 130)
  t.is(await readFile(join(folder, 'nothing.txt'), 'utf8'), '')
  checkLeftAsItWas(t, stdout)
})

withTerminal('results above the bar stay, each once', async (t) => {
  const args = 'approximate --function sine --widths 1,2,4,8 --output sine.svg'
  const { stdout, code } = await inTerminal(folder, args, { columns: 80 })
  t.is(code, 0)
  // What remains on the screen: a line that is cleared is gone.
  const screen = stdout.split('\r\n').map((line) => line.split(`${escape}[2K`).at(-1) ?? '')
  t.deepEqual(
    screen.map((line) => line.trim().split(/\s+/)[0]),
    ['sine:', 'width', '1', '2', '4', '8', 'Saved', ''],
  )
  checkLeftAsItWas(t, stdout)
})

test('a line has the parts that there is room for, and a bar in the rest', (t) => {
  const parts = ['loss 0.1', 'long '.repeat(9), 'x']
  const progress = { title: 'Epoch 3/10', done: 3, total: 10, parts }
  const draw = (characters: number) => '#'.repeat(characters)
  for (let columns = 1; columns < 120; columns++) {
    const line = toLine(progress, columns, draw)
    t.true(line.length <= columns)
    t.is(line.includes('#'), columns >= 'Epoch 3/10 #####'.length)
    t.is(line.includes('loss 0.1'), columns >= 'Epoch 3/10 ##### loss 0.1'.length)
  }
  t.is(toLine(progress, 30, draw), 'Epoch 3/10 ####### loss 0.1, x')
})

test('time left and rates are said shortly', (t) => {
  t.is(new Pace(10).left(10), '0 s left')
  t.is(new Pace(10).left(0), '? left')
  t.is(rowsPerSecond(1_234_567), '1.2M rows/s')
  t.is(rowsPerSecond(99), '99 rows/s')
})
