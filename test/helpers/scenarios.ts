// Over 400 lines: all that runs where a crash, an exit or a termination harms nothing else; see run.ts.

import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Matrix, TrainerOptions } from '../../lib/index.js'
import {
  Dataset,
  DatetimeEncoder,
  dense,
  gridSearch,
  Model,
  Network,
  sgd,
  streamCsv,
  Trainer,
} from '../../lib/index.js'
import { native } from '../../lib/native.js'
import { clouds } from './data.js'
import { rawRows } from './raw_rows.js'

type Say = (value: unknown) => void

/** Sizes whose steps take microseconds, or about a tenth of a second on one core. */
const sizes = {
  tiny: { rows: 64, columns: 8, hidden: 8, batchSize: 16 },
  small: { rows: 2000, columns: 32, hidden: 64, batchSize: 100 },
  large: { rows: 2048 * 12, columns: 256, hidden: 1024, batchSize: 2048 },
} as const
export type Size = keyof typeof sizes

const classes = 4

function makeData(size: Size, shared = false): Dataset {
  const { rows, columns } = sizes[size]
  const { x, labels } = clouds(rows, columns, classes)
  return new Dataset(shared ? toShared(x) : x, labels)
}

function toShared({ data, shape }: Matrix<Float32Array>): Matrix {
  const shared = new Float32Array(new SharedArrayBuffer(data.byteLength))
  shared.set(data)
  return { data: shared, shape }
}

function makeTrainer(size: Size, options: Partial<TrainerOptions<'accuracy'>> = {}) {
  const { columns, hidden, batchSize } = sizes[size]
  const network = new Network({
    inputs: columns,
    layers: [dense(hidden, 'tanh'), dense(hidden, 'tanh'), dense(classes, 'softmax')],
  })
  return new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: sgd({ learningRate: 1e-3 }),
    metrics: ['accuracy'],
    batchSize,
    ...options,
  })
}

const forever = Number.MAX_SAFE_INTEGER

/** Trains until it is terminated; says so once the first batch was trained. */
export async function trainForever(
  say: Say,
  {
    size,
    fits = 1,
    callbacks = true,
    shared = false,
  }: { size: Size; fits?: number; callbacks?: boolean; shared?: boolean },
): Promise<void> {
  const data = makeData(size, shared)
  let begun = false
  const begin = () => {
    if (!begun) say('training')
    begun = true
  }
  const running = Array.from({ length: fits }, () =>
    makeTrainer(size).fit(data, {
      validation: data.slice(0, 50),
      epochs: forever,
      ...(callbacks && { callbacks: [{ onBatchEnd: begin }] }),
    }),
  )
  if (!callbacks) for await (const { epoch } of running[0] ?? []) if (epoch > 0) begin()
  await Promise.all(running)
}

/** Calls `process.exit` so many milliseconds after training began, while it goes on. */
export async function exitWhileTraining(
  say: Say,
  { size, milliseconds, shared = false }: { size: Size; milliseconds: number; shared?: boolean },
): Promise<void> {
  const data = makeData(size, shared)
  const fit = makeTrainer(size).fit(data, { validation: data, epochs: forever })
  void makeTrainer(size).evaluate(data)
  const { network } = makeTrainer(size)
  void network.predictAsync(data)
  const leave = () => {
    say('leaving')
    process.exit(7)
  }
  if (milliseconds === 0) leave()
  setTimeout(leave, milliseconds)
  await fit
}

/** An error that nobody catches, while it trains. */
export async function throwWhileTraining(say: Say): Promise<void> {
  const fit = makeTrainer('small').fit(makeData('small'), { epochs: forever })
  setImmediate(() => {
    say('throwing')
    throw new Error('nobody catches this')
  })
  await fit
}

/** Drops every handle but the promise, and collects garbage while it trains. */
export async function collectWhileTraining(say: Say): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let collected = 0
  const registry = new FinalizationRegistry(() => collected++)
  const start = () => {
    const data = makeData('small', true)
    const validation = makeData('small').slice(10)
    const trainer = makeTrainer('small')
    for (const handle of [data, validation, trainer, trainer.network]) registry.register(handle, 0)
    return trainer.fit(data, { validation, epochs: 40 }).then(({ epochs }) => epochs.length)
  }
  const predictions = () => {
    const { network } = makeTrainer('small')
    registry.register(network, 0)
    const data = makeData('small', true)
    registry.register(data, 0)
    return [network.predictAsync(data), makeTrainer('small').evaluate(data)]
  }
  const running = [start(), start()]
  const others = predictions()
  const state = { ended: false }
  const all = Promise.all([...running, ...others]).finally(() => (state.ended = true))
  while (!state.ended) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const [first, second] = await all
  collect()
  await new Promise((resolve) => setImmediate(resolve))
  say({ epochs: [first, second], collected })
}

/** Fits that end by themselves, and nothing that awaits them. */
export function trainUnattended(say: Say, { epochs }: { epochs: number }): Promise<void> {
  const data = makeData('small')
  void makeTrainer('small')
    .fit(data, { epochs })
    .then(({ epochs: reports, completed }) => {
      say({ epochs: reports.length, completed })
    })
  return Promise.resolve()
}

/** Several fits at once on several networks; says the weights of each. */
export async function trainTogether(
  say: Say,
  { fits, epochs }: { fits: number; epochs: number },
): Promise<void> {
  const data = makeData('small')
  const trainers = Array.from({ length: fits }, () => makeTrainer('small'))
  await Promise.all(trainers.map((trainer) => trainer.fit(data, { epochs })))
  say(trainers.map(({ network }) => network.parameters.join()))
}

/**
 * How many threads more the process has while so many fits run that were told no number of them,
 * and how many when the first of them has remained alone. Linux.
 */
export async function countThreads(say: Say, { fits }: { fits: number }): Promise<void> {
  const data = makeData('small')
  const count = () => readdirSync('/proc/self/task').length
  const before = count()
  // A thread that has been joined can be listed for another moment.
  const settled = async (most: number) => {
    const until = performance.now() + 5000
    while (count() - before > most && performance.now() < until)
      await new Promise((resolve) => setImmediate(resolve))
    return count() - before
  }
  const { processors } = native.describe()
  let arrived: (() => void)[] = []
  const meet = () =>
    new Promise<void>((resolve) => {
      arrived.push(resolve)
      if (arrived.length < fits) return
      for (const go of arrived) go()
      arrived = []
    })
  const said = { processors, together: NaN, alone: NaN }
  const others: Promise<unknown>[] = []
  // The fits wait for this, so all have begun before any begins its second epoch, and none has
  // ended when they are counted.
  const onEpochEnd = (first: boolean) => async (epoch: number) => {
    if (epoch <= 2) await meet()
    if (epoch === 2) {
      if (first) said.together = await settled(Math.max(fits, processors))
      await meet()
    }
    if (epoch === 3) await Promise.all(others)
    if (epoch === 4) said.alone = await settled(processors)
  }
  const start = (first: boolean, epochs: number) => {
    const meeting = onEpochEnd(first)
    // Batches that are worth more than one thread.
    return makeTrainer('small', { batchSize: 250 }).fit(data, {
      epochs,
      callbacks: [{ onEpochEnd: ({ epoch }) => meeting(epoch) }],
    })
  }
  const first = start(true, 4)
  for (let i = 1; i < fits; i++) others.push(Promise.resolve(start(false, 2)))
  await first
  say(said)
}

/** The event loop's delay, milliseconds, while a fit uses all cores. */
export async function measureDelay(say: Say, { seconds }: { seconds: number }): Promise<void> {
  const data = makeData('large')
  const trainer = makeTrainer('large')
  await trainer.fit(data.slice(0, 2048)) // memory is there, code is compiled
  const timeout = setTimeout(() => {
    fit.stop()
  }, seconds * 1000)
  const fit = trainer.fit(data, { epochs: forever })
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await fit
  histogram.disable()
  clearTimeout(timeout)
  const of = (nanoseconds: number) => nanoseconds / 1e6
  say({
    p50: of(histogram.percentile(50)),
    p99: of(histogram.percentile(99)),
    max: of(histogram.max),
    count: histogram.count,
  })
}

/** How long a batch takes, and how long a fit goes on after break and abort: milliseconds. */
export async function measureStopping(say: Say): Promise<void> {
  const data = makeData('large')
  const trainer = makeTrainer('large', { threads: 1 })
  const batches = sizes.large.rows / sizes.large.batchSize
  const ended: number[] = []
  const onBatchEnd = () => {
    ended.push(performance.now())
  }
  await trainer.fit(data, { epochs: 1, callbacks: [{ onBatchEnd }] })
  const batch = ((ended.at(-1) ?? NaN) - (ended[0] ?? NaN)) / (batches - 1)

  // Both in the middle of an epoch, and of a batch.
  const inTheMiddle = async (leave: () => void) => {
    ended.length = 0
    let left = NaN
    const fit = trainer.fit(data, {
      signal: controller.signal,
      callbacks: [
        {
          onBatchEnd() {
            onBatchEnd()
            if (ended.length === 3)
              setTimeout(() => {
                left = performance.now()
                leave()
              }, batch / 2)
          },
        },
      ],
    })
    await fit.catch(() => undefined)
    return { milliseconds: performance.now() - left, batches: ended.length - 3 }
  }
  let controller = new AbortController()
  const abort = await inTheMiddle(() => {
    controller.abort()
  })
  controller = new AbortController()

  let left = NaN
  for await (const { epoch } of trainer.fit(data.slice(0, 2048), { epochs: forever })) {
    left = performance.now()
    if (epoch > 0) break
  }
  say({ batch, abort, breaking: { milliseconds: performance.now() - left } })
}

/** A fit that is only iterated, and rejects. */
export async function iterateRejected(say: Say): Promise<void> {
  let unhandled = 0
  process.on('unhandledRejection', () => unhandled++)
  const data = makeData('small')
  const reason = new Error('the reason')
  const caught: boolean[] = []
  const controller = new AbortController()
  const aborted = AbortSignal.abort(reason)
  for (const signal of [aborted, controller.signal]) {
    try {
      for await (const { epoch } of makeTrainer('small').fit(data, { epochs: forever, signal }))
        if (epoch === 1) controller.abort(reason)
    } catch (error) {
      caught.push(error === reason)
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 50)) // time for what should not come
  say({ unhandled, caught })
}

/** A rejected fit that nobody waits for; says how many rejections were unhandled. */
export async function neglectRejected(say: Say): Promise<void> {
  const unhandled: unknown[] = []
  process.on('unhandledRejection', (reason) => unhandled.push(reason))
  void makeTrainer('small').fit(makeData('small'), { signal: AbortSignal.abort('the reason') })
  await new Promise((resolve) => setImmediate(resolve))
  say(unhandled)
}

/** Growth of the resident memory over many small fits; says it in megabytes every 100 fits. */
export async function fitManyTimes(
  say: Say,
  { fits, every }: { fits: number; every: number },
): Promise<void> {
  for (let done = 1; done <= fits; done++) {
    const random = clouds(200, 20, classes, done)
    const data = new Dataset(random.x, random.labels)
    const network = new Network({
      inputs: 20,
      layers: [dense(32, 'relu'), dense(classes, 'softmax')],
    })
    const trainer = new Trainer(network, {
      loss: 'categoricalCrossentropy',
      optimizer: 'adam',
      epochs: 2,
    })
    await trainer.fit(data)
    if (done % every === 0) say({ fits: done, megabytes: process.memoryUsage.rss() / 2 ** 20 })
  }
}

/** Searches with a file, and says what the trials came to; or dies when so many have come. */
export async function searchWithFile(
  say: Say,
  { file, death }: { file: string; death?: number },
): Promise<void> {
  const search = gridSearch({
    grid: { place: Array.from({ length: 40 }, (_, i) => i) },
    data: { train: makeData('tiny') },
    build: (_, { seed }) => makeTrainer('tiny', { seed }),
    epochs: 100,
    concurrency: 2,
    file,
  })
  let seen = 0
  for await (const { index } of search) {
    say(index)
    if (++seen === death) process.kill(process.pid, 'SIGKILL')
  }
  say((await search).trials.map(({ scores }) => scores?.train.loss))
}

/** Says what the model of a file makes of raw rows. */
export async function predictRawRows(say: Say, { path }: { path: string }): Promise<void> {
  const model = await Model.load(path)
  say(Array.from(model.predict(rawRows).data))
  say(model.classify(rawRows))
}

/** Says what an encoder, as JSON, makes of dates that are texts. */
export function encodeDates(
  say: Say,
  { texts, encoder }: { texts: readonly string[]; encoder: unknown },
): void {
  say([...DatetimeEncoder.fromJSON(encoder).transform(texts).data])
}

/** Says what the model of a file makes of the rows of a CSV file. */
export async function predictFile(
  say: Say,
  { path, file }: { path: string; file: string },
): Promise<void> {
  const model = await Model.load(path)
  for await (const table of streamCsv(file, { blockRows: 1000 })) {
    say(Array.from(model.predict(table).data))
    say(model.classify(table))
  }
}

/** Blocks of rows of that size, each made when it is asked for. */
async function* makeBlocks(size: Size, blocks: number, shared = false): AsyncGenerator<Dataset> {
  const { columns } = sizes[size]
  for (let i = 0; i < blocks; i++) {
    const { x, labels } = clouds(500, columns, classes, i)
    const rows = shared ? toShared(x) : x
    yield await Promise.resolve(new Dataset(rows, labels, { classes }))
  }
}

/**
 * Trains on streams until it is terminated: on one without an end, on one whose source stops
 * answering, and on one that waits for callbacks.
 */
export async function streamForever(say: Say, { size }: { size: Size }): Promise<void> {
  async function* endless() {
    for (;;) yield* makeBlocks(size, 10)
  }
  async function* silent() {
    yield* makeBlocks(size, 3)
    say('training')
    await new Promise<never>(() => undefined)
  }
  const options = { epochRows: 700, epochs: forever }
  await Promise.all([
    makeTrainer(size).fitStream(endless, options),
    makeTrainer(size).fitStream(endless, { ...options, shuffleBuffer: 2000 }),
    makeTrainer(size).fitStream(endless, {
      ...options,
      callbacks: [{ onEpochEnd: () => undefined }],
    }),
    makeTrainer(size).fitStream(silent, {
      ...options,
      callbacks: [{ onBatchEnd: () => undefined }],
    }),
  ])
}

/** Drops every handle but the promise, and collects garbage while it trains on a stream. */
export async function collectWhileStreaming(say: Say): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let collected = 0
  const registry = new FinalizationRegistry(() => collected++)
  async function* registered() {
    for await (const block of makeBlocks('small', 40, true)) {
      registry.register(block, 0)
      yield block
    }
  }
  const start = (shuffleBuffer?: number) => {
    const options = { epochs: 2, ...(shuffleBuffer !== undefined && { shuffleBuffer }) }
    const fit = makeTrainer('small').fitStream(registered, options)
    return fit.then(({ epochs }) => epochs.length)
  }
  const state = { ended: false }
  const all = Promise.all([start(), start(1500)]).finally(() => (state.ended = true))
  while (!state.ended) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  say({ epochs: await all, collected })
}

/** Growth of the resident memory over a long stream; says it in megabytes every so many rows. */
export async function streamLong(
  say: Say,
  { rows, every }: { rows: number; every: number },
): Promise<void> {
  const { columns } = sizes.small
  function* blocks() {
    for (let done = 0; done < rows; done += 1000)
      yield {
        x: {
          data: new Float32Array(1000 * columns).fill(done / rows),
          shape: [1000, columns] as const,
        },
        y: Int32Array.from({ length: 1000 }, (_, i) => i % classes),
        classes,
      }
  }
  const fit = makeTrainer('small').fitStream(blocks, {
    epochs: rows / every,
    epochRows: every,
    shuffleBuffer: 10_000,
    maximumRowsAhead: 5000,
  })
  for await (const { epoch } of fit)
    say({ rows: epoch * every, megabytes: process.memoryUsage.rss() / 2 ** 20 })
}
