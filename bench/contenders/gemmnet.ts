import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { findPackageRoot } from '../../lib/package_root.js'
import { contend } from '../contender.js'
import type { TaskData } from '../data.js'
import { adamEpsilon, gridAxes, lossOf, readData } from '../data.js'
import type { Shares, Task, Trial } from '../task.js'
import { shareNames } from '../task.js'
import { epochsBefore, timeCalls, timeEpochs } from '../timing.js'

// Through the public API only, but for the shares of its work. It is imported inside the functions,
// because one times the import.

const entry = new URL('../../bundle/index.js', import.meta.url).href // what users import
const load = () => import(entry) as Promise<typeof import('../../lib/index.js')> // made of those
const manyEpochs = 1_000_000

async function makeNetwork({ widths, activation }: Task, kernels: readonly Float32Array[]) {
  const { dense, Network } = await load()
  const last = widths.length - 2
  const [inputs = 1, ...units] = widths
  const network = new Network({
    inputs,
    layers: units.map((count, i) =>
      dense(count, i < last ? (activation as 'relu') : units.at(-1) === 1 ? 'linear' : 'softmax'),
    ),
  })
  for (const [i, layer] of network.layers.entries()) layer.kernel = kernels[i] ?? []
  return network
}

async function makeDataset({ widths }: Task, { rows, x, labels, targets }: TaskData) {
  const { Dataset } = await load()
  const [inputs = 1] = widths
  const classes = widths.at(-1) ?? 1
  const matrix = { data: x, shape: [rows, inputs] }
  return classes === 1 ? new Dataset(matrix, targets) : new Dataset(matrix, labels, { classes })
}

async function makeOptimizer({ optimizer, learningRate }: Task) {
  const { adam, sgd } = await load()
  return optimizer === 'adam' ? adam({ learningRate, epsilon: adamEpsilon }) : sgd({ learningRate })
}

async function makeTrainer(
  task: Task,
  network: Awaited<ReturnType<typeof makeNetwork>>,
  shuffle: boolean,
) {
  const { Trainer } = await load()
  return new Trainer(network, {
    loss: task.widths.at(-1) === 1 ? 'meanSquaredError' : 'categoricalCrossentropy',
    optimizer: await makeOptimizer(task),
    batchSize: task.batch,
    epochs: manyEpochs,
    shuffle,
    ...(task.threads !== undefined && { threads: task.threads }),
  })
}

async function step(task: Task): Promise<Trial> {
  const data = readData(task)
  const network = await makeNetwork(task, data.kernels)
  const rows = await makeDataset(task, data)
  const inOrder = await makeTrainer(task, network, false)
  await inOrder.fit(rows.subset(data.order), { epochs: epochsBefore })
  const loss = lossOf(network.predict(rows).data, data)

  // What is timed also draws the order of each epoch, which the other contenders are given.
  const shuffled = await makeTrainer(task, network, true)
  const epochs = shuffled.fit(rows)[Symbol.asyncIterator]()
  const next = async () => {
    const { value } = await epochs.next()
    return (value as { seconds: number } | undefined)?.seconds
  }
  await next()
  const seconds = await timeEpochs(task.seconds, next)
  return { value: seconds / Math.ceil(data.rows / task.batch), loss }
}

/** What the threads' time goes to. */
async function shares(task: Task): Promise<Trial> {
  const { native } = await import('../../lib/native.js')
  const data = readData(task)
  const trainer = await makeTrainer(task, await makeNetwork(task, data.kernels), true)
  const rows = await makeDataset(task, data)
  await trainer.fit(rows, { epochs: epochsBefore })
  const { epochs } = await trainer.fit(rows, { epochs: 1 })
  const seconds = epochs[0]?.seconds ?? task.seconds
  // The fit in the middle of several: one that another process disturbed only waits longer.
  const fits: (readonly [number, ReturnType<typeof native.stopWorkClock>])[] = []
  while (fits.length < 5) {
    native.startWorkClock()
    await trainer.fit(rows, { epochs: Math.ceil(task.seconds / 5 / seconds) })
    const work = native.stopWorkClock()
    fits.push([shareNames.reduce((sum, name) => sum + work[name], 0), work])
  }
  const [all, work] = fits.sort(([a], [b]) => a - b)[2] ?? [NaN, native.stopWorkClock()]
  return {
    shares: Object.fromEntries(shareNames.map((name) => [name, work[name] / all])) as Shares,
  }
}

async function predict(task: Task): Promise<Trial> {
  const data = readData(task)
  const network = await makeNetwork(task, data.kernels)
  const x = { data: data.x, shape: [data.rows, task.widths[0] ?? 1] }
  const value = await timeCalls(task.seconds, () => network.predict(x))
  return { value, loss: lossOf(network.predict(x).data, data) }
}

/** The program as a user starts it: a process of its own. */
async function program({ case: name, epochs, folder, threads }: Task): Promise<Trial> {
  const command = name.replace('program-', '')
  const words = [
    join(findPackageRoot(), 'dist', 'lib', 'cli', 'main.js'),
    command,
    `--epochs=${epochs}`,
    `--output=${join(folder, 'gemmnet.safetensors')}`,
    ...(threads === undefined ? [] : [`--threads=${threads}`]),
  ]
  const began = performance.now()
  const { stdout } = await promisify(execFile)(process.execPath, words)
  const value = (performance.now() - began) / 1000
  const accuracy = /([\d.]+) %\s*$/.exec(stdout)?.[1]
  if (accuracy === undefined) throw new Error(`No accuracy in: ${stdout}`)
  return { value, accuracy: Number(accuracy) / 100 }
}

/** As many networks at once as there are processors, one thread each, all on the same rows. */
async function grid(task: Task): Promise<Trial> {
  const { dense, gridSearch, loadDigits, Network, sgd, Trainer } = await load()
  const digits = await loadDigits()
  const concurrency = task.threads ?? availableParallelism()
  const { trials, best } = await gridSearch({
    grid: gridAxes,
    data: digits.split({ train: 0.8, test: 0.2 }, { seed: 0, stratify: true }),
    concurrency,
    build: ({ learningRate, l2 }, { seed }) => {
      const layers = [dense(100, 'sigmoid'), dense(50, 'sigmoid'), dense(10, 'softmax')]
      return new Trainer(new Network({ inputs: 64, layers, seed }), {
        loss: 'categoricalCrossentropy',
        optimizer: sgd({ learningRate }),
        metrics: ['accuracy'],
        l2,
        batchSize: task.batch,
        epochs: task.epochs,
        threads: 1,
        seed,
      })
    },
  })
  // Some of these pairs cannot go well.
  const diverged = trials.filter(({ error }) => error !== undefined).length
  const note = `${concurrency} at once; ${diverged} diverged, and were stopped there`
  return { accuracy: best?.scores?.test.accuracy ?? NaN, note }
}

/** The largest resident size of a fit, over that before it: of what is gemmnet's, not the caller's. */
async function memory(task: Task): Promise<Trial> {
  const data = readData(task)
  await load()
  const before = process.memoryUsage.rss()
  try {
    writeFileSync('/proc/self/clear_refs', '5') // the peak starts anew
  } catch {
    return { skipped: 'only Linux can tell' }
  }
  const network = await makeNetwork(task, data.kernels)
  const rows = await makeDataset(task, data)
  const trainer = await makeTrainer(task, network, true)
  await trainer.fit(rows, { epochs: 3 })
  const peak = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return { value: Number(peak) * 1024 - before, loss: lossOf(network.predict(rows).data, data) }
}

async function importPackage(): Promise<Trial> {
  const began = performance.now()
  await load()
  return { value: (performance.now() - began) / 1000 }
}

/** The 99th percentile of how late the event loop is while a fit has every processor. */
async function eventLoop(task: Task): Promise<Trial> {
  const data = readData(task)
  const network = await makeNetwork(task, data.kernels)
  const trainer = await makeTrainer(task, network, true)
  const rows = await makeDataset(task, data)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const stop = new AbortController()
  const fit = trainer.fit(rows, { signal: stop.signal })
  setTimeout(
    () => {
      stop.abort()
    },
    Math.max(2, task.seconds) * 1000,
  )
  delay.enable()
  await fit.catch(() => undefined)
  delay.disable()
  return { value: delay.percentile(99) / 1e9 }
}

await contend({
  version: () =>
    (
      JSON.parse(readFileSync(join(findPackageRoot(), 'package.json'), 'utf8')) as {
        version: string
      }
    ).version,
  threads: 'automatic',
  run: { step, shares, predict, program, grid, memory, import: importPackage, eventLoop },
})
