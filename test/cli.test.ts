// Over 400 lines: every flag, signal and stream of both programs, as a user meets them.
import test from 'ava'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { run } from '../lib/cli/index.js'
import { Interrupt } from '../lib/cli/interrupt.js'
import { adam, dense, loadMnist, Network, Trainer } from '../lib/index.js'
import { findPackageRoot } from '../lib/package_root.js'
import {
  ended,
  environment,
  escape,
  exec,
  hasTerminals,
  interrupt,
  program,
  shownLines,
  inTerminal as runInTerminal,
  start as startIn,
} from './helpers/command.js'

const interruptModule = new URL('../lib/cli/interrupt.js', import.meta.url).href

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

const start = (args: readonly string[]) => startIn(folder, args)
const gemmnet = async (...args: readonly string[]) => ended(start(args))
const inTerminal = async (args: string, type?: string) =>
  runInTerminal(folder, args, type === undefined ? {} : { type })

/** A folder in the form of MNIST whose digits are told by one bright row of pixels. */
async function makeImages(trainRows: number, testRows: number): Promise<string> {
  const path = await mkdtemp(join(folder, 'images-'))
  for (const [part, rows] of [
    ['train', trainRows],
    ['t10k', testRows],
  ] as const) {
    const images = new Uint8Array(rows * 784)
    for (let row = 0; row < rows; row++) {
      const start = row * 784 + (row % 10) * 56
      images.fill(255, start, start + 28)
    }
    const labels = Uint8Array.from({ length: rows }, (_, row) => row % 10)
    await writeFile(join(path, `${part}-images-idx3-ubyte`), idx([rows, 28, 28], images))
    await writeFile(join(path, `${part}-labels-idx1-ubyte`), idx([rows], labels))
  }
  return path
}

function idx(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, 8, shape.length])
  shape.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i))
  return Buffer.concat([header, data])
}

test.serial('the compiled program names Node as its interpreter', async (t) => {
  t.true((await readFile(program, 'utf8')).startsWith('#!/usr/bin/env node\n'))
})

test.serial('help goes to stdout, and names the commands, flags and exit codes', async (t) => {
  const { stdout, stderr, code } = await gemmnet('--help')
  t.is(code, 0)
  t.is(stderr, '')
  t.regex(stdout, /^Usage: gemmnet/)
  for (const word of ['train', 'digits', 'mnist', 'Exit codes', '130'])
    t.true(stdout.includes(word), word)
  for (const name of ['digits', 'mnist']) {
    const help = await gemmnet(name, '--help')
    t.is(help.code, 0)
    t.deepEqual(await gemmnet('help', name), help)
    for (const flag of ['epochs', 'batch-size', 'learning-rate', 'seed', 'threads', 'output'])
      t.true(help.stdout.includes(`--${flag} <`), `${name} --${flag}`)
    t.true(help.stdout.includes('default: '))
  }
})

test.serial("the version is package.json's", async (t) => {
  const file = await readFile(join(findPackageRoot(), 'package.json'), 'utf8')
  const { version } = JSON.parse(file) as { version: string }
  const ran = await gemmnet('--version')
  t.deepEqual(ran, { stdout: `${version}\n`, stderr: '', code: 0, signal: null })
})

test.serial('no command at all is a wrong usage that shows the help', async (t) => {
  const { stdout, stderr, code } = await gemmnet()
  t.is(code, 2)
  t.is(stdout, '')
  t.regex(stderr, /^Usage: gemmnet/)
})

test.serial('unknown commands and flags are wrong usages that name the nearest', async (t) => {
  for (const [args, message] of [
    [['digit'], "error: unknown command 'digit'\n(Did you mean digits?)\n"],
    [['mnits'], "error: unknown command 'mnits'\n(Did you mean mnist?)\n"],
    [['digits', '--epoch', '5'], "error: unknown option '--epoch'\n(Did you mean --epochs?)\n"],
    [
      ['digits', 'more'],
      "error: too many arguments for 'digits'. Expected 0 arguments but got 1.\n",
    ],
    [['digits', '--output'], "error: option '--output <file>' argument missing\n"],
  ] as const)
    t.deepEqual(await gemmnet(...args), { stdout: '', stderr: message, code: 2, signal: null })
})

test.serial('values out of range are wrong usages, said in one line without a stack', async (t) => {
  for (const [flag, value, message] of [
    ['--epochs', 'ten', "Expected `--epochs` to be a non-negative integer, got `'ten'`"],
    ['--epochs', '-1', 'Expected `--epochs` to be a non-negative integer, got `-1`'],
    ['--epochs', '', "Expected `--epochs` to be a non-negative integer, got `''`"],
    ['--batch-size', '0', 'Expected `--batch-size` to be a positive integer, got `0`'],
    ['--batch-size', '1.5', 'Expected `--batch-size` to be a positive integer, got `1.5`'],
    [
      '--learning-rate',
      'Infinity',
      'Expected `--learning-rate` to be a non-negative number, got `Infinity`',
    ],
    ['--seed', '1e30', 'Expected `--seed` to be a non-negative integer, got `1e+30`'],
    ['--threads', '0', 'Expected `--threads` to be a positive integer of at most 1024, got `0`'],
    [
      '--threads',
      '5000',
      'Expected `--threads` to be a positive integer of at most 1024, got `5000`',
    ],
    ['--l2', '-1', 'Expected `--l2` to be a non-negative number, got `-1`'],
    ['--output', '', "Expected `--output` to be a path or a file: URL, got `''`"],
  ] as const)
    t.deepEqual(await gemmnet('digits', flag, value), {
      stdout: '',
      stderr: `error: ${message}\n`,
      code: 2,
      signal: null,
    })
})

test.serial('digits prints rows, time and accuracy, and plain progress to a pipe', async (t) => {
  const { stdout, stderr, code } = await gemmnet('digits', '--epochs', '25')
  t.is(code, 0)
  t.regex(
    stdout,
    /^Training rows: 1437\nTest rows: 360\nTraining time: \d+\.\d\d s\nTest accuracy: \d\d\.\d\d %\n$/,
  )
  t.regex(
    stderr,
    /^(Epoch (10|20|25)\/25, loss \d\.\d{4}, accuracy [\d.]+ %, validation accuracy [\d.]+ %, \d+ s left, [\d.]+[KM] rows\/s\n){3}$/,
  )
  t.true(Number(/accuracy: ([\d.]+)/.exec(stdout)?.[1]) > 90)
  t.false((stdout + stderr).includes(escape))
  t.false((await readdir(folder)).some((name) => name.endsWith('.safetensors')))
})

test.serial('the defaults of digits come above 96 %', async (t) => {
  const { stdout } = await gemmnet('digits')
  t.true(Number(/accuracy: ([\d.]+)/.exec(stdout)?.[1]) > 96)
})

test.serial('results depend on the seed and on nothing else', async (t) => {
  const bytes = async (name: string, ...flags: readonly string[]) => {
    const { code } = await gemmnet('digits', '--epochs', '3', '--output', name, ...flags)
    t.is(code, 0)
    return readFile(join(folder, name))
  }
  const first = await bytes('seed-a')
  t.deepEqual(await bytes('seed-b', '--threads', '1'), first)
  t.notDeepEqual(await bytes('seed-c', '--seed', '7'), first)
})

/** The files of a report's folder, and its page. */
async function readReport(name: string) {
  const path = join(folder, name)
  return {
    files: (await readdir(path)).sort(),
    page: await readFile(join(path, 'index.html'), 'utf8'),
  }
}

test.serial('digits --images writes a report of the training beside its results', async (t) => {
  const { stdout, stderr, code } = await gemmnet('digits', '--images', '--epochs', '10')
  t.is(code, 0)
  t.regex(stdout, /Test accuracy: [\d.]+ %\n$/)
  t.true(stderr.endsWith(`Saved ${join('digits-report', 'index.html')}\n`))
  const { files, page } = await readReport('digits-report')
  t.deepEqual(files, ['confusion.svg', 'history.svg', 'images.svg', 'index.html', 'worst.svg'])
  t.is(page.split('<svg ').length - 1, 4)
  const accuracy = /Test accuracy: ([\d.]+ %)/.exec(stdout)?.[1] ?? ''
  t.true(
    page.includes(`<td>test</td><td class="figure">360</td><td class="figure">${accuracy}</td>`),
  )
  t.notRegex(page, /<script|NaN|undefined/)
})

test.serial('a report does not change the results, and is there for no epochs too', async (t) => {
  const flags = ['digits', '--epochs', '3', '--output']
  t.is((await gemmnet(...flags, 'plain')).code, 0)
  t.is((await gemmnet(...flags, 'reported', '--report', 'deep/report')).code, 0)
  t.deepEqual(await readFile(join(folder, 'reported')), await readFile(join(folder, 'plain')))
  t.false((await readReport(join('deep', 'report'))).files.includes('images.svg'))
  t.is((await gemmnet('digits', '--epochs', '0', '--report', 'untrained')).code, 0)
  t.false((await readReport('untrained')).files.includes('history.svg'))
})

test.serial('digits --grid prints every network as it comes, and draws two heatmaps', async (t) => {
  const flags = ['--epochs', '1', '--output', 'best', '--report', 'grid']
  const { stdout, stderr, code } = await gemmnet('digits', '--grid', ...flags)
  t.is(code, 0)
  const lines = stdout.trimEnd().split('\n')
  t.is(lines.length, 50)
  const scores = /^learning rate \S+, l2 \S+: (train [\d.]+ %, test [\d.]+ %|diverged)$/
  for (const line of lines.slice(0, 49)) t.regex(line, scores)
  t.is(new Set(lines.map((line) => line.split(':')[0])).size, 50)
  const best = lines.at(-1)?.replace('Best: ', '') ?? ''
  t.true(lines.slice(0, 49).includes(best))
  const tests = lines.slice(0, 49).map((line) => Number(/test ([\d.]+)/.exec(line)?.[1] ?? 0))
  t.is(Number(/test ([\d.]+)/.exec(best)?.[1]), Math.max(...tests))
  t.true(stderr.endsWith(`Saved best\nSaved ${join('grid', 'index.html')}\n`))
  t.is((await Network.load(join(folder, 'best'))).inputs, 64)
  const { files, page } = await readReport('grid')
  t.deepEqual(files, ['grid-test.svg', 'grid-train.svg', 'index.html'])
  t.is(page.split('<tr>').length - 1, 50)
  t.true(page.includes('Accuracy on the test set') && page.includes('Accuracy on the training set'))
})

test.serial('digits --grid has rates and penalties of its own', async (t) => {
  for (const flag of ['--learning-rate', '--l2', '--threads']) {
    const { stderr, code } = await gemmnet('digits', '--grid', flag, '1')
    t.is(code, 2)
    t.regex(stderr, new RegExp(`'--grid' cannot be used with option '${flag} <number>'`))
  }
})

test.serial('Ctrl-C keeps and draws the cells of the grid that are there', async (t) => {
  const child = start(['digits', '--grid', '--epochs', '2000', '--report', 'stopped'])
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  const { stderr, code } = await ended(child)
  t.is(code, 130)
  t.regex(stderr, /Stopped after \d+ of 49 networks\n$/)
  t.true((await readReport('stopped')).files.includes('grid-test.svg'))
})

test.serial('Ctrl-C leaves a report of a training that is not finished', async (t) => {
  const images = await makeImages(250, 50)
  for (const args of [
    ['digits', '--epochs', '1000000'],
    ['mnist', '--data', images, '--epochs', '1000000', '--batch-size', '1'],
  ]) {
    const child = start([
      ...args,
      '--report',
      'unfinished',
      '--output',
      join(folder, 'unfinished.st'),
    ])
    const [name] = args
    await once(name === 'digits' ? child.stderr : child.stdout, 'data')
    child.kill('SIGINT')
    const { stdout, stderr, code } = await ended(child)
    t.is(code, 130)
    t.notRegex(stdout, /accuracy/i)
    t.regex(stderr, /Saved unfinished.index\.html\nStopped after \d+ of 1000000 epochs; .*\n$/)
  }
  t.true((await readReport('unfinished')).files.includes('worst.svg'))
})

test.serial('a report that cannot be written is noticed before the training', async (t) => {
  await writeFile(join(folder, 'in-the-way'), '')
  for (const [path, why] of [
    ['in-the-way', /it is not a folder/],
    [join('in-the-way', 'below'), /^error: Cannot write .*below: /],
  ] as const) {
    const { stdout, stderr, code } = await gemmnet(
      'digits',
      '--epochs',
      '1000000',
      '--report',
      path,
    )
    t.is(code, 1)
    t.is(stdout, '')
    t.regex(stderr, why)
  }
})

test.serial(
  'mnist writes a report with the losses, the confusion and the worst images',
  async (t) => {
    const images = await makeImages(250, 50)
    const flags = ['--data', images, '--epochs', '1', '--batch-size', '1', '--output', 'few']
    const { stderr, code } = await gemmnet('mnist', ...flags, '--report', 'mnist-report')
    t.is(code, 0)
    t.is(stderr, `Saved few\nSaved ${join('mnist-report', 'index.html')}\n`)
    const { files, page } = await readReport('mnist-report')
    t.deepEqual(files, ['confusion.svg', 'images.svg', 'index.html', 'loss.svg', 'worst.svg'])
    t.true(page.includes('0 of 50 images of the test set are wrong'))
  },
)

test.serial("mnist prints the lecture's lines and saves what the API trains", async (t) => {
  const { stdout, stderr, code } = await gemmnet('mnist', '--epochs', '1')
  t.is(code, 0)
  t.is(stderr, 'Saved mnist.safetensors\n')
  const lines = stdout.trimEnd().split('\n')
  t.is(lines.length, 10)
  for (const [i, line] of lines.slice(0, 9).entries()) {
    t.true(line.startsWith(`Epoch [1/1], Step [${100 * (i + 1)}/938], Loss: `), line)
    t.regex(line, /Loss: \d\.\d{4}$/)
  }
  const shown = /^Accuracy of the network on the 10000 test images: (\d\d\.\d\d) %$/.exec(
    lines[9] ?? '',
  )
  t.true(Number(shown?.[1]) > 94)

  const saved = await Network.load(join(folder, 'mnist.safetensors'))
  const data = await loadMnist()
  const network = new Network({
    inputs: 784,
    layers: [dense(128, 'relu'), dense(10, 'softmax')],
  })
  const trainer = new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: adam({ learningRate: 0.001 }),
    batchSize: 64,
    metrics: ['accuracy'],
  })
  await trainer.fit(data.train)
  const { accuracy } = await trainer.evaluate(data.test)
  t.is(shown?.[1], (100 * accuracy).toFixed(2))
  const rows = data.test.slice(0, 100)
  t.deepEqual(saved.predict(rows), network.predict(rows))
})

test.serial('mnist prints every hundredth step, not the last of the epoch', async (t) => {
  const images = await makeImages(250, 50)
  const flags = ['--data', images, '--epochs', '2', '--batch-size', '1', '--output', 'few']
  const { stdout, code } = await gemmnet('mnist', ...flags)
  t.is(code, 0)
  t.deepEqual(stdout.replace(/\d\.\d{4}/g, '#').split('\n'), [
    'Epoch [1/2], Step [100/250], Loss: #',
    'Epoch [1/2], Step [200/250], Loss: #',
    'Epoch [2/2], Step [100/250], Loss: #',
    'Epoch [2/2], Step [200/250], Loss: #',
    'Accuracy of the network on the 50 test images: 100.00 %',
    '',
  ])
})

test.serial('missing and damaged data are failures, said in one line', async (t) => {
  const empty = await mkdtemp(join(folder, 'empty-'))
  const missing = await gemmnet('mnist', '--data', empty)
  t.is(missing.code, 1)
  t.is(missing.stderr, `error: ${empty} has no train-images-idx3-ubyte, nor with .gz\n`)
  const damaged = await makeImages(10, 10)
  await writeFile(join(damaged, 'train-images-idx3-ubyte'), 'nonsense')
  const bad = await gemmnet('mnist', '--data', damaged)
  t.is(bad.code, 1)
  t.regex(bad.stderr, /^error: .*train-images-idx3-ubyte: not a valid IDX file.*\n$/)
})

test.serial('a loss that is not finite is a failure that leaves the file alone', async (t) => {
  await writeFile(join(folder, 'good'), 'of an earlier run')
  const flags = ['--learning-rate', '1e30', '--output', 'good']
  const { stdout, stderr, code } = await gemmnet('digits', ...flags)
  t.is(code, 1)
  t.is(stdout, '')
  t.regex(stderr, /^error: The loss is not finite in epoch 1, .* good is not written\n$/)
  t.is(await readFile(join(folder, 'good'), 'utf8'), 'of an earlier run')
})

test.serial('an output that cannot be written is noticed before the training', async (t) => {
  const occupied = join(folder, 'occupied')
  await mkdir(occupied)
  await writeFile(join(folder, 'plain'), '')
  const cases = [
    [occupied, 'it is a folder'],
    [join(folder, 'no', 'x'), `there is no folder ${join(folder, 'no')}`],
    [join(folder, 'plain', 'x'), `there is no folder ${join(folder, 'plain')}`],
  ]
  if (process.platform !== 'win32') cases.push(['/dev/null', 'it is not a regular file'])
  for (const [path = '', why] of cases) {
    const ran = await gemmnet('digits', '--epochs', '1000000', '--output', path)
    const stderr = `error: Cannot write ${path}: ${why}\n`
    t.deepEqual(ran, { stdout: '', stderr, code: 1, signal: null })
  }
  const left = await readdir(folder)
  t.false(left.some((name) => name.startsWith('.gemmnet-')))
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  test.serial(
    `${signal} stops the training, keeps its weights and exits with ${code}`,
    async (t) => {
      const images = await makeImages(250, 50)
      const output = join(folder, signal)
      const flags = ['--data', images, '--epochs', '1000000', '--batch-size', '1']
      const child = start(['mnist', ...flags, '--output', output])
      await once(child.stdout, 'data')
      child.kill(signal)
      const end = await ended(child)
      t.is(end.code, code)
      t.regex(
        end.stderr,
        /^Stopped after \d+ of 1000000 epochs; the weights of the last step are in .*\n$/,
      )
      t.true(end.stderr.includes(output))
      t.false(end.stdout.includes('Accuracy'))
      const saved = await Network.load(output)
      const untrained = new Network({
        inputs: 784,
        layers: [dense(128, 'relu'), dense(10, 'softmax')],
      })
      t.notDeepEqual(saved.parameters, untrained.parameters)
    },
  )

test.serial('mnist --json prints losses and scores as one value, and no line before', async (t) => {
  const images = await makeImages(250, 50)
  const flags = ['--data', images, '--epochs', '1', '--batch-size', '1', '--output', 'json']
  const { stdout, code } = await gemmnet('mnist', ...flags, '--json')
  t.is(code, 0)
  const { losses, test } = JSON.parse(stdout) as {
    losses: { epochs: number; loss: number }[]
    test: { rows: number; accuracy: number }
  }
  t.deepEqual(
    losses.map(({ epochs }) => epochs),
    [0.4, 0.8],
  )
  t.like(test, { rows: 50, accuracy: 1 })
})

test.serial('Ctrl-C without an output stops as well', async (t) => {
  const { stdout, stderr, code } = await interrupt(folder, ['digits', '--epochs', '1000000'])
  t.is(code, 130)
  t.is(stdout, '')
  t.regex(stderr, /Stopped after \d+ of 1000000 epochs\n$/)
})

test.serial('a second Ctrl-C ends the process at once', async (t) => {
  // Nothing here heeds the first: what ends the process is one of those after.
  const source = `
    import { Interrupt } from ${JSON.stringify(interruptModule)}
    const { signal } = new Interrupt()
    signal.addEventListener('abort', () => console.log('stop wanted', signal.reason.exitCode))
    setInterval(() => {}, 1000)
    console.log('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source])
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  t.is(said.toString(), 'stop wanted 130\n')
  const end = ended(child)
  while (child.signalCode === null && child.exitCode === null) {
    child.kill('SIGINT')
    await wait(50)
  }
  t.is((await end).signal, 'SIGINT')
})

test.serial('a Ctrl-C that npm passes on once more counts once', (t) => {
  const interrupt = new Interrupt()
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGINT', 'SIGINT') // would have ended the process
  t.true(interrupt.signal.aborted)
  interrupt.remove()
})

test.serial('a reader that leaves ends the program quietly', async (t) => {
  const images = await makeImages(250, 50)
  const flags = ['--data', images, '--epochs', '1000000', '--batch-size', '1', '--output', 'pipe']
  const child = start(['mnist', ...flags])
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const { stderr, code } = await ended(child)
  t.is(stderr, '')
  t.is(code, 141)
  await t.notThrowsAsync(Network.load(join(folder, 'pipe')))
})

const onLinux = process.platform === 'linux' ? test.serial : test.serial.skip
onLinux('results that cannot be written are a failure', async (t) => {
  await access('/dev/full')
  const command = `${exec} "$0" "$1" digits --epochs 1 > /dev/full`
  const child = spawn('sh', ['-c', command, process.execPath, program], { env: environment })
  const { stderr, code } = await ended(child)
  t.is(code, 1)
  t.regex(stderr, /\nerror: Cannot write to standard output: ENOSPC.*\n$/)
})

test.serial('run writes to the streams it is given and leaves nothing behind', async (t) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const listeners = () =>
    ['SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name)) as readonly number[]
  const before = listeners()
  t.is(await run(['digits', '--epochs', '1'], { stdout, stderr }), 0)
  t.is(await run(['digits', '--epochs', 'x'], { stdout, stderr }), 2)
  t.is(await run(['--help'], { stdout, stderr }), 0)
  t.deepEqual(listeners(), before)
  t.is(stdout.listenerCount('error') + stderr.listenerCount('error'), 0)
  stdout.end()
  stderr.end()
  t.regex(await text(stdout), /Test accuracy: [\d.]+ %\nUsage: gemmnet/)
  t.regex(await text(stderr), /^Epoch 1\/1, .*\nerror: Expected `--epochs`.*\n$/)
})

const withTerminal = hasTerminals ? test.serial : test.serial.skip

withTerminal('in a terminal the progress is one line, rewritten and cleared', async (t) => {
  const { stdout, code } = await inTerminal('digits --epochs 300')
  t.is(code, 0)
  const [progress = '', results = ''] = stdout.split(`${escape}[2K`)
  const drawings = shownLines(progress)
  t.true(drawings.length > 0)
  for (const drawing of drawings) {
    t.regex(drawing, /^Epoch \d+\/300 \[=*-*\] loss \d\.\d{4}(, \d+ s left)?$/)
    t.true(drawing.length <= 39)
  }
  t.regex(results, /^Training rows: 1437\r\n(.*\r\n){2}Test accuracy: [\d.]+ %\r\n$/)
})

withTerminal("in a terminal the lecture's lines stay above the progress", async (t) => {
  const images = await makeImages(250, 50)
  const flags = `--data ${images} --epochs 2 --batch-size 1 --output terminal`
  const { stdout, code } = await inTerminal(`mnist ${flags}`)
  t.is(code, 0)
  // What remains on the screen: a line that is cleared is gone.
  const screen = stdout.split('\r\n').map((line) => line.split(`${escape}[2K`).at(-1))
  t.deepEqual(
    screen.map((line) => line?.replace(/\d\.\d{4}$/, '#')),
    [
      'Epoch [1/2], Step [100/250], Loss: #',
      'Epoch [1/2], Step [200/250], Loss: #',
      'Epoch [2/2], Step [100/250], Loss: #',
      'Epoch [2/2], Step [200/250], Loss: #',
      'Accuracy of the network on the 50 test images: 100.00 %',
      'Saved terminal',
      '',
    ],
  )
})

withTerminal('Ctrl-C in a terminal clears the progress and says what is kept', async (t) => {
  const flags = '--epochs 1000000 --output typed'
  const { stdout, code } = await inTerminal(`digits ${flags}`, '\x03')
  t.is(code, 130)
  const said = stdout.split(`${escape}[2K`).at(-1)
  t.regex(said ?? '', /^Stopped after \d+ of 1000000 epochs; .* are in typed\r\n$/)
  await t.notThrowsAsync(Network.load(join(folder, 'typed')))
})
