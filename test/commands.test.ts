import test from 'ava'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ended, interrupt, start } from './helpers/command.js'
import { makeRows, toCsv } from './helpers/flowers.js'

// What holds for every subcommand; and `gemmnet bench`.

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  await writeFile(join(folder, 'flowers.csv'), toCsv(makeRows(100)))
  const flags = ['--target', 'kind', '--epochs', '2']
  const { code, stderr } = await gemmnet('train', 'flowers.csv', ...flags)
  if (code !== 0) throw new Error(stderr)
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

const gemmnet = async (...args: readonly string[]) => ended(start(folder, args))

const model = 'model.safetensors'
const bench = ['bench', '--cases', 'tiny,digits', '--trials', '3', '--seconds', '0.001']
/** Of each subcommand that has results, what makes it quick. */
const quick: readonly (readonly string[])[] = [
  ['train', 'flowers.csv', '--target', 'height', '--epochs', '2', '--output', 'other'],
  ['predict', model, 'flowers.csv'],
  ['evaluate', model, 'flowers.csv'],
  ['diagnose', model, 'flowers.csv'],
  ['inspect', model],
  ['digits', '--epochs', '1'],
  ['digits', '--grid', '--epochs', '1', '--report', 'grid'],
  ['approximate', '--function', 'sine', '--widths', '1,2'],
  bench,
  ['info'],
]

test.serial('every subcommand with results gives them as one JSON value', async (t) => {
  const { stdout: help } = await gemmnet('--help')
  const [, list = ''] = help.split('Commands:\n')
  const names = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name)
  t.true(names.length > 10)
  for (const name of names) {
    if (name === 'completion' || name === 'help') continue
    const { stdout } = await gemmnet(name, '--help')
    t.regex(stdout, /^ +--json +print the results as JSON/m, name)
    // MNIST is no small thing: cli.test.ts has it.
    t.true(name === 'mnist' || quick.some(([first]) => first === name), name)
  }
  for (const args of quick) {
    const { stdout, stderr, code } = await gemmnet(...args, '--json')
    t.is(code, 0, stderr)
    t.notThrows(() => JSON.parse(stdout) as unknown, args.join(' '))
    t.true(Object.keys(JSON.parse(stdout) as object).length > 1, args.join(' '))
  }
})

test.serial('the help tells every exit code, and those are what comes', async (t) => {
  const { stdout } = await gemmnet('--help')
  const [, list = ''] = stdout.split('Exit codes:\n')
  for (const code of [0, 1, 2, 130, 141, 143]) t.regex(list, new RegExp(`\\b${code}\\b`))
  t.is((await gemmnet('inspect', model)).code, 0)
  t.is((await gemmnet('inspect', 'nowhere')).code, 1)
  t.is((await gemmnet('inspect')).code, 2)
})

test.serial('bench times steps at each number of threads, and predictions', async (t) => {
  const { stdout } = await gemmnet(...bench, '--threads', '1,2', '--json')
  const { machine, steps, predictions } = JSON.parse(stdout) as {
    machine: Record<string, unknown>
    steps: { name: string; flops: number; times: Figure[] }[]
    predictions: (Figure & { rows: number })[]
  }
  interface Figure {
    threads: number
    seconds: number[]
    gemmShare: number
  }
  t.true('blasKernel' in machine)
  t.deepEqual(
    steps.map(({ name }) => name),
    ['digits', 'tiny'],
  )
  for (const { times, flops } of steps) {
    t.true(flops > 0)
    t.deepEqual(
      times.map(({ threads }) => threads),
      [1, 2],
    )
    for (const { gemmShare } of times) t.true(gemmShare > 0 && gemmShare < 1)
  }
  t.deepEqual(
    predictions.map(({ rows }) => rows),
    [1, 32, 10_000],
  )
  for (const { seconds } of [...predictions, ...steps.flatMap(({ times }) => times)]) {
    t.is(seconds.length, 3)
    for (const one of seconds) t.true(one > 0 && one < 10)
  }
})

test.serial('bench prints two tables, and refuses a case that is none', async (t) => {
  const { stdout, stderr, code } = await gemmnet(...bench, '--threads', '1,2')
  t.is(code, 0)
  t.regex(stdout, /^training step +1 thread +\+- +2 threads +\+- +faster +gemm +GFLOPS$/m)
  t.regex(stdout, /^tiny \(4-16-16-3, 32, adam\) +[\d.]+ [um]s +\d+ % .* \d+ % +[\d.]+$/m)
  t.regex(stdout, /^10000 rows +[\d.]+ ms +\d+ % +\d+$/m)
  t.regex(stderr, /^Case 1\/3, digits\nCase 2\/3, tiny, \d+ s left\nCase 3\/3, predictions, /)
  const wrong = await gemmnet('bench', '--cases', 'digit')
  t.is(wrong.code, 2)
  t.is(wrong.stderr, 'error: Unknown case `digit`; did you mean `digits`?\n')
})

test.serial('bench stops at once when it is told to', async (t) => {
  const flags = ['--cases', 'tiny', '--seconds', '1000000']
  const { stdout, code } = await interrupt(folder, ['bench', ...flags])
  t.is(code, 130)
  t.is(stdout, '')
})
