import test from 'ava'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { run } from '../lib/cli/index.js'
import type { Approximation, ApproximationOptions } from '../lib/experiments/approximation.js'
import { approximate } from '../lib/experiments/approximation.js'
import type { TargetFunction } from '../lib/experiments/target_functions.js'
import { targetFunctions } from '../lib/experiments/target_functions.js'

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-approximate-'))
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

async function rowsOf(options: ApproximationOptions): Promise<Approximation[]> {
  const rows: Approximation[] = []
  for await (const row of approximate(options)) rows.push(row)
  return rows
}

const few = { widths: [1, 4, 16], starts: 1, epochs: 60 }

test.serial('the largest error of continuous functions falls as the width grows', async (t) => {
  for (const name of ['sine', 'bumps', 'surface'] as const) {
    const rows = await rowsOf({ ...few, functions: [name] })
    const errors = rows.map((row) => row.largestError)
    const [narrow = NaN, middle = NaN, wide = NaN] = errors
    t.true(wide < middle && middle < narrow, `${name}: ${errors.join(', ')}`)
    t.true(wide < narrow / 10, `${name}: ${errors.join(', ')}`)
  }
})

test.serial(
  "the largest error at a jump stays at half of it, while the mean's falls",
  async (t) => {
    const rows = await rowsOf({ ...few, functions: ['step'] })
    for (const row of rows) t.true(row.largestError >= 0.5, `${row.width}: ${row.largestError}`)
    const [narrow = NaN, middle = NaN, wide = NaN] = rows.map((row) => row.rootMeanSquareError)
    t.true(wide < middle && middle < narrow)
    t.true(wide < narrow / 5)
  },
)

test.serial('a row says what its network is, and comes as soon as it is there', async (t) => {
  for await (const row of approximate({ ...few, widths: [4, 2, 4], epochs: 3 })) {
    t.is(row.function, 'sine')
    t.is(row.width, 2)
    t.is(row.parameters, 7)
    t.is(row.network.parameterCount, 7)
    t.true(row.largestError >= row.rootMeanSquareError)
    break
  }
  const rows = await rowsOf({ ...few, widths: [4, 2, 4], epochs: 3 })
  t.deepEqual(
    rows.map((row) => `${row.function} ${row.width}`),
    ['sine', 'bumps', 'surface', 'step'].flatMap((name) => [`${name} 2`, `${name} 4`]),
  )
})

test.serial('the errors are those of the network on points it has not seen', async (t) => {
  const [row] = await rowsOf({ functions: ['sine'], widths: [3], starts: 1, epochs: 30 })
  if (row === undefined) throw new Error('no row')
  const x = Array.from({ length: 10001 }, (_, i) => [i / 10000])
  const { data } = row.network.predict(x)
  const errors = x.map((point, i) => (data[i] ?? NaN) - targetFunctions.sine.evaluate(point))
  const square = errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length
  t.true(Math.abs(Math.sqrt(square) / row.rootMeanSquareError - 1) < 0.01)
  t.true(Math.abs(Math.max(...errors.map(Math.abs)) / row.largestError - 1) < 0.01)
})

test.serial('equal seeds give equal networks, other seeds others', async (t) => {
  const parameters = async (seed: number) => {
    const rows = await rowsOf({ functions: ['sine'], widths: [5], starts: 2, epochs: 20, seed })
    return rows[0]?.network.parameters
  }
  const first = await parameters(3)
  t.deepEqual(await parameters(3), first)
  t.notDeepEqual(await parameters(5), first)
  await t.notThrowsAsync(parameters(Number.MAX_SAFE_INTEGER))
})

test.serial('a wider network is no worse on the training set than the narrower one', async (t) => {
  const rows = await rowsOf({
    functions: ['bumps'],
    widths: [2, 3, 4, 5, 6],
    starts: 1,
    epochs: 40,
  })
  rows.slice(1).forEach(({ rootMeanSquareError }, i) => {
    t.true(rootMeanSquareError <= 1.05 * (rows[i]?.rootMeanSquareError ?? NaN))
  })
})

test.serial('a signal ends the experiment with its reason', async (t) => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const rows: Approximation[] = []
  const error = await t.throwsAsync(async () => {
    for await (const row of approximate({ ...few, epochs: 30, signal: controller.signal })) {
      rows.push(row)
      controller.abort(reason)
    }
  })
  t.is(error, reason)
  t.is(rows.length, 1)
})

test.serial('options out of range are refused at once', (t) => {
  for (const [options, instanceOf] of [
    [{ widths: [] }, TypeError],
    [{ widths: 4 }, TypeError],
    [{ widths: [0] }, RangeError],
    [{ functions: ['cosine'] }, RangeError],
    [{ starts: 0 }, RangeError],
    [{ epochs: 0 }, RangeError],
    [{ seed: -1 }, RangeError],
    [{ signal: 1 }, TypeError],
    [{ width: [1] }, TypeError],
  ] as const)
    t.throws(() => approximate(options as never), { instanceOf }, JSON.stringify(options))
})

test.serial('a function that jumps says where, and by how much', (t) => {
  for (const { evaluate, jump } of Object.values<TargetFunction>(targetFunctions)) {
    const [at = NaN] = jump?.at ?? []
    jump?.limits.forEach((limit, side) => {
      const beside = evaluate([at + (side === 0 ? -1e-9 : 1e-9)])
      t.true(Math.abs(beside - limit) < 1e-6)
    })
  }
})

/** Runs the program in this process. */
async function gemmnet(...flags: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const code = await run(['approximate', ...flags], { stdout, stderr })
  stdout.end()
  stderr.end()
  return { code, stdout: await text(stdout), stderr: await text(stderr) }
}

test.serial('the program prints a table and saves the plot', async (t) => {
  const output = join(folder, 'plot.svg')
  const ran = await gemmnet('--function', 'step', '--widths', '1,2', '--output', output)
  t.is(ran.code, 0)
  t.is(ran.stderr, `Saved ${output}\n`)
  const [title, head, first, second, end] = ran.stdout.split('\n')
  t.is(title, 'step: ½ sin 2πx, and 1 more from x = 0.6 on')
  t.is(head, 'width  parameters  RMS error  largest error')
  for (const [line, start] of [
    [first, '    1           4  '],
    [second, '    2           7  '],
  ]) {
    t.true(line?.startsWith(start ?? ''), line)
    t.regex(line ?? '', / 0\.\d{3}( +)0\.\d{3}$/)
  }
  t.is(end, '')
  const svg = await readFile(output, 'utf8')
  for (const shown of ['>step: error by width<', '>largest error<', '>2 units<', '>the function<'])
    t.true(svg.includes(shown), shown)
})

test.serial(
  'the program writes a report with a table and a picture of each function',
  async (t) => {
    const [output, report] = [join(folder, 'plot.svg'), join(folder, 'report')]
    const flags = ['--function', 'step', '--widths', '1,2', '--output', output, '--report', report]
    const ran = await gemmnet(...flags)
    t.is(ran.code, 0)
    t.is(ran.stderr, `Saved ${join(report, 'index.html')}\nSaved ${output}\n`)
    t.deepEqual((await readdir(report)).sort(), ['index.html', 'step.svg'])
    const page = await readFile(join(report, 'index.html'), 'utf8')
    t.true(page.includes('<td class="figure">2</td><td class="figure">7</td>'))
    t.is(page.split('<svg ').length - 1, 1)
  },
)

test.serial('with --json the results are one JSON text', async (t) => {
  const output = join(folder, 'json.svg')
  const flags = ['--function', 'sine', '--widths', '2, 1', '--seed', '4', '--output', output]
  const { code, stdout } = await gemmnet(...flags, '--json')
  t.is(code, 0)
  const rows = JSON.parse(stdout) as Record<string, unknown>[]
  t.deepEqual(
    rows.map((row) => [row.function, row.width, row.parameters]),
    [
      ['sine', 1, 4],
      ['sine', 2, 7],
    ],
  )
  for (const row of rows) {
    t.deepEqual(Object.keys(row).slice(3), ['rootMeanSquareError', 'largestError'])
    t.true(Number(row.largestError) > Number(row.rootMeanSquareError))
  }
})

test.serial('wrong flags are wrong usages, said in one line', async (t) => {
  for (const [flags, message] of [
    [['--widths', '1,x'], "error: Expected `--widths` to be a positive integer, got `'x'`\n"],
    [['--widths', '1,,2'], "error: Expected `--widths` to be a positive integer, got `''`\n"],
    [['--widths', '0'], 'error: Expected `--widths` to be a positive integer, got `0`\n'],
    [
      ['--function', 'cosine'],
      "error: option '--function <name>' argument 'cosine' is invalid. " +
        'Allowed choices are sine, bumps, surface, step.\n',
    ],
  ] as const)
    t.deepEqual(await gemmnet(...flags), { code: 2, stdout: '', stderr: message })
})

test.serial('a plot that cannot be written is noticed before the training', async (t) => {
  const output = join(folder, 'none', 'plot.svg')
  const { code, stderr } = await gemmnet('--output', output)
  t.is(code, 1)
  t.is(stderr, `error: Cannot write ${output}: there is no folder ${join(folder, 'none')}\n`)
})

test.serial('Ctrl-C keeps the rows that are there, and draws them', async (t) => {
  const output = join(folder, 'stopped.svg')
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const ended = run(['approximate', '--output', output], { stdout, stderr })
  const lines: string[] = []
  stdout.on('data', (data: Buffer) => {
    lines.push(data.toString())
    if (lines.length === 3) process.emit('SIGINT', 'SIGINT') // title, head, first row
  })
  t.is(await ended, 130)
  stderr.end()
  t.is(await text(stderr), `Stopped after 1 of 28 networks; their plot is in ${output}\n`)
  t.true((await readFile(output, 'utf8')).startsWith('<svg'))
  await writeFile(output, '')
  t.false((await readdir(folder)).some((name) => name.startsWith('.gemmnet-')))
})
