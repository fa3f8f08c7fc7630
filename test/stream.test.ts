// Over 400 lines: what a stream promises, each promise once.
import test from 'ava'
import type {
  Callback,
  LayerDescription,
  StreamOptions,
  StreamSource,
  TrainerOptions,
} from '../lib/index.js'
import {
  adam,
  bfgs,
  constant,
  cosineDecay,
  Dataset,
  dense,
  dropout,
  GemmnetError,
  gradientDescent,
  Network,
  sgd,
  Trainer,
  warmup,
} from '../lib/index.js'
import { Table } from '../lib/data/table.js'
import { clouds, randomRows } from './helpers/data.js'

const rows = 203 // not a multiple of anything below
const columns = 6
const classes = 3
const { x, labels } = clouds(rows, columns, classes)
const data = new Dataset(x, labels)

/** Rows `begin` to `end`, by column: c0, c1, ..., label. */
function rowObjects(begin = 0, end = rows): Record<string, number>[] {
  return Array.from({ length: end - begin }, (_, i) => {
    const row = begin + i
    const cells = Array.from({ length: columns }, (_, j) => [`c${j}`, x.data[row * columns + j]])
    return Object.fromEntries([...cells, ['label', labels[row]]]) as Record<string, number>
  })
}

/** The beginnings and ends of chunks of `size` rows. */
function chunks(size: number, end = rows): [begin: number, end: number][] {
  const begins = Array.from({ length: Math.ceil(end / size) }, (_, i) => i * size)
  return begins.map((begin) => [begin, Math.min(begin + size, end)])
}

const matrix = (begin: number, end: number) => ({
  data: x.data.slice(begin * columns, end * columns),
  shape: [end - begin, columns] as const,
})

/** The same rows in every form that a source may give them. */
const forms: Readonly<Record<string, (begin: number, end: number) => object>> = {
  'views of one Dataset': (begin, end) => data.slice(begin, end),
  'Datasets of their own': (begin, end) =>
    new Dataset(matrix(begin, end), labels.slice(begin, end), { classes }),
  '{ x, y }': (begin, end) => ({ x: matrix(begin, end), y: labels.slice(begin, end) }),
  Tables: (begin, end) => Table.fromRows(rowObjects(begin, end)),
  'arrays of objects': rowObjects,
}

type Options = Partial<TrainerOptions> & {
  readonly layers?: readonly LayerDescription[]
  readonly dtype?: 'float32' | 'float64'
}

function makeTrainer({ layers, dtype = 'float32', ...options }: Options = {}): Trainer {
  const network = new Network<'float32' | 'float64'>({
    inputs: columns,
    layers: [...(layers ?? [dense(8, 'tanh'), dense(classes, 'softmax')])],
    dtype,
    seed: 3,
  })
  return new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: 'adam',
    batchSize: 16,
    epochs: 3,
    seed: 5,
    shuffle: false,
    ...options,
  })
}

/** The weights that a fit in memory comes to, and those of a stream. */
async function fitted(options: Options, train = data): Promise<ArrayLike<number>> {
  const trainer = makeTrainer(options)
  await trainer.fit(train)
  return trainer.network.parameters
}
async function streamed(
  source: StreamSource,
  options: Options = {},
  stream: StreamOptions = {},
): Promise<ArrayLike<number>> {
  const trainer = makeTrainer(options)
  await trainer.fitStream(source, stream)
  return trainer.network.parameters
}

/** A source that counts what is asked of it. */
function counted<B>(
  blocks: readonly B[],
  { failAt = -1, error = new Error('the source fails') } = {},
) {
  const counts = { asked: 0, returned: 0, begun: 0 }
  const source = () => {
    counts.begun++
    let next = 0
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next(): Promise<IteratorResult<B>> {
        counts.asked++
        if (next === failAt) return Promise.reject(error)
        const block = blocks[next++]
        return Promise.resolve(
          block === undefined ? { done: true, value: undefined } : { done: false, value: block },
        )
      },
      return(): Promise<IteratorResult<B>> {
        counts.returned++
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }
  return { source, counts, error }
}

async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

const many: readonly [string, Options][] = [
  ['plain', {}],
  ['in float64', { dtype: 'float64' }],
  ['with dropout', { layers: [dense(16, 'relu'), dropout(0.4), dense(classes, 'softmax')] }],
  ['accumulating', { accumulate: 3 }],
  ['with a schedule', { optimizer: adam({ learningRate: cosineDecay(0.01, { steps: 30 }) }) }],
  ['with class weights', { classWeights: [1, 2, 3] }],
  ['with a batch larger than all rows', { batchSize: 1000 }],
  ['with averages of the weights', { averageMomentum: 0.9 }],
  [
    'with a learning rate of its own',
    { optimizer: sgd({ learningRate: ({ step }) => 0.1 / (1 + step) }) },
  ],
]

for (const [name, options] of many)
  test(`unshuffled, a stream gives the weights of a fit in memory: ${name}`, async (t) => {
    for (const threads of [1, 2, 4]) {
      const expected = await fitted({ ...options, threads })
      for (const size of [1, 7, 16, 48, rows]) {
        const blocks = chunks(size).map(([begin, end]) => data.slice(begin, end))
        t.deepEqual(
          await streamed(blocks, { ...options, threads }),
          expected,
          `${threads}, ${size}`,
        )
      }
    }
  })

for (const [name, form] of Object.entries(forms))
  test(`rows may come as ${name}`, async (t) => {
    const expected = await fitted({})
    for (const size of [1, 7, 16, rows]) {
      const blocks = chunks(size).map(([begin, end]) => form(begin, end)) as never[]
      t.deepEqual(await streamed(blocks, {}, { target: 'label' }), expected, String(size))
    }
  })

test('rows may come one by one', async (t) => {
  t.deepEqual(await streamed(rowObjects(), {}, { target: 'label' }), await fitted({}))
})

test('rows may come in blocks of all kinds', async (t) => {
  const kinds = Object.values(forms)
  const blocks = chunks(11).flatMap(([begin, end], i) => {
    const form = kinds[i % (kinds.length + 1)]
    return form === undefined ? rowObjects(begin, end) : [form(begin, end)]
  })
  t.deepEqual(await streamed(blocks as never[], {}, { target: 'label' }), await fitted({}))
})

test('features and targets may be columns by name', async (t) => {
  const two = new Dataset(
    { data: Float32Array.from(rowObjects().flatMap(({ c1 = 0, c4 = 0 }) => [c4, c1])), shape: [rows, 2] },
    { data: Float32Array.from(rowObjects().flatMap(({ c0 = 0, c2 = 0 }) => [c0, c2])), shape: [rows, 2] },
  ) // prettier-ignore
  const make = () =>
    new Trainer(new Network({ inputs: 2, layers: [dense(2)] }), {
      loss: 'meanSquaredError',
      optimizer: 'sgd',
      shuffle: false,
    })
  const [inMemory, stream] = [make(), make()]
  await inMemory.fit(two)
  await stream.fitStream(rowObjects(), { features: ['c4', 'c1'], target: ['c0', 'c2'] })
  t.deepEqual(stream.network.parameters, inMemory.network.parameters)
})

for (const kind of [
  'iterable',
  'async iterable',
  'function',
  'async function',
  'promises',
] as const)
  test(`a source may be: ${kind}`, async (t) => {
    const blocks = chunks(20).map(([begin, end]) => data.slice(begin, end))
    async function* generate() {
      for (const block of blocks) yield await Promise.resolve(block)
    }
    const sources: Record<typeof kind, StreamSource> = {
      iterable: new Set(blocks),
      'async iterable': { [Symbol.asyncIterator]: generate },
      function: generate,
      'async function': () => Promise.resolve(blocks),
      promises: blocks.map((block) => Promise.resolve(block)),
    }
    t.deepEqual(await streamed(sources[kind]), await fitted({}))
  })

test('all reports are those of a fit in memory, but for their times', async (t) => {
  const options = { metrics: ['accuracy', 'rocAuc'] as never[], batchSize: 30 }
  const settings = () => {
    const batches: unknown[] = []
    const callbacks: Callback[] = [
      { onBatchEnd: (report) => void batches.push({ ...report, batches: 0 }) },
    ]
    return { batches, given: { callbacks, validation: data, batchReportInterval: 3 } as never }
  }
  const run = async (
    fit: (trainer: Trainer, given: never) => PromiseLike<{ epochs: readonly object[] }>,
  ) => {
    const { batches, given } = settings()
    const { epochs } = await fit(makeTrainer(options), given)
    return { batches, epochs: epochs.map((epoch) => ({ ...epoch, seconds: 0, rowsPerSecond: 0 })) }
  }
  const expected = await run((trainer, given) => trainer.fit(data, given))
  const blocks = chunks(20).map(([begin, end]) => data.slice(begin, end))
  t.deepEqual(await run((trainer, given) => trainer.fitStream(blocks, given)), expected)
})

test('batch reports know the number of batches as soon as anybody can', async (t) => {
  const run = async (options: StreamOptions) => {
    const batches: number[] = []
    const callbacks = [
      { onBatchEnd: (report: { batches: number }) => void batches.push(report.batches) },
    ]
    await makeTrainer().fitStream([data], {
      epochs: 1,
      callbacks,
      batchReportInterval: 5,
      ...options,
    })
    return batches
  }
  t.deepEqual(await run({}), [NaN, NaN, 13])
  t.deepEqual(await run({ epochRows: rows }), [13, 13, 13])
})

for (const size of [1, 7, 50, rows])
  test(`a shuffle buffer of all rows gives the weights of a fit that shuffles (blocks of ${size})`, async (t) => {
    const options = { shuffle: true, metrics: [] }
    const blocks = chunks(size).map(([begin, end]) => data.slice(begin, end))
    const expected = await fitted(options)
    for (const shuffleBuffer of [rows, 10 * rows])
      t.deepEqual(await streamed(blocks, options, { shuffleBuffer }), expected)
  })

test('a small shuffle buffer draws an order over its rows, which no block border changes', async (t) => {
  const take = async (size: number, stream: StreamOptions, options: Options = {}) => {
    const blocks = chunks(size).map(([begin, end]) => data.slice(begin, end))
    return streamed(blocks, { shuffle: true, ...options }, stream)
  }
  const expected = await take(rows, { shuffleBuffer: 40 })
  for (const size of [1, 7, 16, 64])
    t.deepEqual(await take(size, { shuffleBuffer: 40 }), expected, String(size))
  t.deepEqual(await take(7, { shuffleBuffer: 48 }), expected) // whole batches
  t.notDeepEqual(await take(rows, { shuffleBuffer: 64 }), expected)
  t.notDeepEqual(await take(rows, {}), expected)
  t.notDeepEqual(await take(rows, { shuffleBuffer: 40 }, { seed: 6 }), expected)
  t.deepEqual(await take(7, {}), await fitted({}))
})

test('a shuffle buffer gives each row once an epoch, none further away than the buffer', async (t) => {
  const seen: number[][] = [[]]
  const network = new Network({ inputs: 1, layers: [dense(1)] })
  const trainer = new Trainer(network, {
    loss: ({ targets, outputs }) => {
      seen.at(-1)?.push(...(targets?.data ?? []))
      return { value: 0, gradient: outputs.data.map(() => 0) }
    },
    optimizer: 'sgd',
    batchSize: 8,
  })
  const numbers = Float32Array.from({ length: 100 }, (_, i) => i)
  const block = new Dataset({ data: numbers, shape: [100, 1] }, { data: numbers, shape: [100, 1] })
  const onEpochEnd = () => void seen.push([])
  await trainer.fitStream([block], { epochs: 2, shuffleBuffer: 20, callbacks: [{ onEpochEnd }] })
  const [first = [], second = []] = seen
  for (const epoch of [first, second]) {
    t.deepEqual(
      [...epoch].sort((a, b) => a - b),
      [...numbers],
    )
    epoch.forEach((row, i) => t.is(Math.floor(row / 24), Math.floor(i / 24)))
  }
  t.notDeepEqual(first, second)
  // Another order in each block.
  t.notDeepEqual(first.slice(0, 24), first.slice(24, 48).map((row) => row - 24)) // prettier-ignore
})

test('an epoch of epochRows rows goes on where the last one ended', async (t) => {
  // Three epochs of 60 rows in memory, the last of which begins the rows anew.
  const trainer = makeTrainer()
  const order = [0, 1, 2].map((epoch) =>
    Array.from({ length: 80 }, (_, i) => (epoch * 80 + i) % rows),
  )
  for (const places of order) await trainer.fit(data.subset(places), { epochs: 1 })
  for (const size of [1, 7, 16, rows]) {
    const blocks = chunks(size).map(([begin, end]) => data.slice(begin, end))
    t.deepEqual(await streamed(blocks, {}, { epochRows: 80 }), trainer.network.parameters)
  }
})

test('with epochRows, a source that ends for good ends the training with a shorter epoch', async (t) => {
  const trainer = makeTrainer()
  function* generate() {
    for (const [begin, end] of chunks(7)) yield data.slice(begin, end)
  }
  const { epochs, completed } = await trainer.fitStream(generate(), { epochs: 100, epochRows: 80 })
  t.is(epochs.length, 3)
  t.false(completed)
  const expected = makeTrainer()
  for (const [begin, end] of chunks(80)) await expected.fit(data.slice(begin, end), { epochs: 1 })
  t.deepEqual(trainer.network.parameters, expected.network.parameters)
})

test('what can be iterated over once only is refused for a second epoch, after the first', async (t) => {
  function* generate() {
    yield data
  }
  const trainer = makeTrainer()
  const reports: number[] = []
  const error = await rejection(
    (async () => {
      for await (const { epoch } of trainer.fitStream(generate())) reports.push(epoch)
    })(),
  )
  t.true(error instanceof RangeError)
  t.regex(String(error), /gives no rows in epoch 2 of 3.*generator.*`epochRows`/)
  t.deepEqual(reports, [1])
  const expected = makeTrainer()
  await expected.fit(data, { epochs: 1 })
  t.deepEqual(trainer.network.parameters, expected.network.parameters)
  t.false(trainer.network.isTraining)
  t.true((await makeTrainer().fitStream(generate(), { epochs: 1 })).completed)
})

test('a fit of a stream goes on where one in memory ended, and the other way round', async (t) => {
  const mixed = makeTrainer()
  await mixed.fit(data, { epochs: 1 })
  await mixed.fitStream([data], { epochs: 1 })
  await mixed.fit(data, { epochs: 1 })
  t.deepEqual(mixed.network.parameters, await fitted({}))
})

test('the source is not asked for more than there is room for', async (t) => {
  const blocks = chunks(1).map(([begin, end]) => data.slice(begin, end))
  const { source, counts } = counted(blocks)
  let go: () => void = () => undefined
  const begun = new Promise<void>((resolve) => (go = resolve))
  const fit = makeTrainer().fitStream(source, {
    maximumRowsAhead: 50,
    epochs: 1,
    callbacks: [{ onFitBegin: () => begun }],
  })
  // The training has not begun: only the room stops the source.
  for (let last = -1; counts.asked > last || last <= 0;) {
    last = counts.asked
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  t.is(counts.asked, 50)
  go()
  await fit
  t.is(counts.asked, rows + 1)
  t.is(counts.returned, 0) // it ended by itself
})

test('less room than a batch or a shuffle buffer takes holds nothing up', async (t) => {
  const blocks = chunks(3).map(([begin, end]) => data.slice(begin, end))
  const stream = { maximumRowsAhead: 1 }
  t.deepEqual(await streamed(blocks, {}, stream), await fitted({}))
  const shuffled = { ...stream, shuffleBuffer: rows }
  t.deepEqual(await streamed(blocks, { shuffle: true }, shuffled), await fitted({ shuffle: true }))
})

test('a source that waits for the training to take its rows is not waited for', async (t) => {
  const trainer = makeTrainer({ batchSize: 29, epochs: 1 })
  let trained: () => void = () => undefined
  async function* generate() {
    for (const [begin, end] of chunks(29)) {
      const next = new Promise<void>((resolve) => (trained = resolve))
      yield data.slice(begin, end)
      await next
    }
  }
  const onBatchEnd = () => {
    trained()
  }
  const { epochs } = await trainer.fitStream(generate, { callbacks: [{ onBatchEnd }] })
  t.is(epochs.length, 1)
})

const blocksOf7 = chunks(7).map(([begin, end]) => data.slice(begin, end))

test('a source that fails rejects the fit with its error, after the batches before it', async (t) => {
  const cause = new Error('the disk')
  const error = new Error('line 7', { cause })
  const { source } = counted(blocksOf7, { failAt: 10, error })
  const trainer = makeTrainer()
  t.is(await rejection(trainer.fitStream(source)), error)
  t.is(error.cause, cause)
  const expected = makeTrainer() // 70 rows: four whole batches
  await expected.fit(data.slice(0, 64), { epochs: 1 })
  t.deepEqual(trainer.network.parameters, expected.network.parameters)
  t.false(trainer.network.isTraining)
})

test('a source that fails at once, or is none, rejects the fit', async (t) => {
  const error = new Error('no such file')
  const fail = (): never => {
    throw error
  }
  t.is(await rejection(makeTrainer().fitStream(fail)), error)
  t.is(await rejection(makeTrainer().fitStream(() => Promise.reject(error))), error)
  t.is(await rejection(makeTrainer().fitStream({ [Symbol.iterator]: fail })), error)
  const nothing = await rejection(makeTrainer().fitStream((() => 5) as never))
  t.true(nothing instanceof TypeError)
  t.regex(String(nothing), /Expected `source\(\)` to be an iterable/)
  const empty = await rejection(makeTrainer().fitStream([]))
  t.true(empty instanceof RangeError)
  t.regex(String(empty), /gives no rows/)
})

/** A source without an end, with what is asked of it. */
function endless() {
  const counts = { asked: 0, returned: 0 }
  function* generate() {
    try {
      for (;;) {
        counts.asked++
        yield data
      }
    } finally {
      counts.returned++
    }
  }
  return { source: generate, counts }
}
const endlessly = { epochRows: rows, epochs: Number.MAX_SAFE_INTEGER }

test('leaving the loop closes the source', async (t) => {
  const { source, counts } = endless()
  const trainer = makeTrainer()
  for await (const { epoch } of trainer.fitStream(source, endlessly)) if (epoch === 2) break
  t.is(counts.returned, 1)
  t.false(trainer.network.isTraining)
})

test('a signal ends a fit of a stream with its reason, and closes the source', async (t) => {
  const { source, counts } = endless()
  const controller = new AbortController()
  const fit = makeTrainer().fitStream(source, { ...endlessly, signal: controller.signal })
  for await (const { epoch } of makeTrainer().fitStream([data])) if (epoch === 2) break
  const reason = new Error('enough')
  controller.abort(reason)
  t.is(await rejection(fit), reason)
  t.is(counts.returned, 1)
  const before = endless()
  const signal = AbortSignal.abort(reason)
  t.is(await rejection(makeTrainer().fitStream(before.source, { ...endlessly, signal })), reason)
  t.deepEqual(before.counts, { asked: 0, returned: 0 })
})

test('an error in a callback ends a fit of a stream, and closes the source', async (t) => {
  for (const hook of ['onFitBegin', 'onBatchEnd', 'onEpochEnd'] as const) {
    const { source, counts } = endless()
    const error = new Error(hook)
    const callbacks = [{ [hook]: () => Promise.reject(error) }]
    t.is(await rejection(makeTrainer().fitStream(source, { ...endlessly, callbacks })), error)
    t.true(counts.returned === 1 || counts.asked === 0)
  }
})

test('a callback may stop a fit of a stream', async (t) => {
  const { source, counts } = endless()
  const onEpochEnd: Callback['onEpochEnd'] = ({ epoch }, fit) => {
    if (epoch === 2) fit.stop()
  }
  const callbacks = [{ onEpochEnd }]
  const history = await makeTrainer().fitStream(source, { ...endlessly, callbacks })
  t.is(history.epochs.length, 2)
  t.false(history.completed)
  t.is(counts.returned, 1)
})

test('a source that never answers holds up neither break nor abort', async (t) => {
  const silent = () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => undefined),
      return: () => new Promise<never>(() => undefined),
    }),
  })
  const reason = new Error('enough')
  const controller = new AbortController()
  const trainer = makeTrainer()
  const fit = trainer.fitStream(silent, { signal: controller.signal })
  await new Promise((resolve) => setImmediate(resolve))
  controller.abort(reason)
  t.is(await rejection(fit), reason)
  t.false(trainer.network.isTraining)
})

test('what a source throws when it is closed is not lost', async (t) => {
  const error = new Error('it does not close')
  const source = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false as const, value: data }),
      return: () => {
        throw error
      },
    }),
  }
  t.is(await rejection(makeTrainer().fitStream(source, { epochRows: rows })), error)
})

test('a loss that is not finite names epoch, batch and row of the stream, and closes the source', async (t) => {
  const huge = new Dataset({ data: new Float32Array(columns).fill(3e38), shape: [1, columns] }, [0], { classes }) // prettier-ignore
  for (const [size, shuffleBuffer] of [
    [7, undefined],
    [7, 1000],
    [rows, undefined],
  ] as const) {
    // prettier-ignore
    const blocks = chunks(size).map(([begin, end]) => data.slice(begin, end))
    const { source, counts } = counted([...blocks, huge, data])
    const options = {
      layers: [dense(8, 'relu'), dense(classes)],
      loss: 'meanSquaredError',
    } as const
    const trainer = makeTrainer({ ...options, shuffle: true })
    const stream = { epochs: 1, ...(shuffleBuffer !== undefined && { shuffleBuffer }) }
    const error = await rejection(trainer.fitStream(source, stream))
    t.true(error instanceof GemmnetError)
    const { code, epoch, row } = error as GemmnetError
    t.deepEqual({ code, epoch, row }, { code: 'ERR_NON_FINITE_LOSS', epoch: 1, row: rows })
    t.true(counts.returned === 1 || counts.asked === blocks.length + 3)
    t.true(trainer.network.parameters.every(Number.isFinite))
  }
})

const spoilt = (value: number) =>
  rowObjects(0, 10).map((row, i) => (i === 4 ? { ...row, c2: value } : row))

const wrong: readonly [string, object, StreamOptions, RegExp][] = [
  ['too few columns', { x: [[1, 2]], y: [0] }, {}, /^RangeError: In the block that begins at row 203 of the stream: `block` has 2 columns, the network takes 6/],
  ['a label out of range', { x: randomRows(3, columns), y: [0, 3, 1] }, {}, /^RangeError: Row 204 of the stream: `block` has 4 classes, the network has 3/],
  ['a label that is none', { x: randomRows(3, columns), y: [0, 1, -1] }, {}, /^RangeError: Row 205 of the stream: Expected `y\[2\]`/],
  ['a feature that is NaN', spoilt(NaN), { target: 'label' }, /^RangeError: Row 207 of the stream: Expected `x` to be finite/],
  ['a missing feature', spoilt(null as never), { target: 'label' }, /^RangeError: Row 207 of the stream/],
  ['a feature that is a text', spoilt('x' as never), { target: 'label' }, /^TypeError: Row 207 of the stream: Expected `c2\[4\]`/],
  ['a missing class', rowObjects(0, 3).map((row) => ({ ...row, label: null })), { target: 'label' }, /^RangeError: Row 203 of the stream: Column 'label' has no class index, but NaN/],
  ['a missing column', [{ c0: 1, label: 1 }], { target: 'label', features: ['c0', 'c1'] }, /^RangeError: In the block .* Unknown column `c1`/],
  ['rows without a target', rowObjects(0, 3), {}, /^TypeError: In the block .* need a `preparation`, or the name of their `target`/],
  ['dense targets after labels', { x: randomRows(3, columns), y: randomRows(3, classes) }, {}, /^RangeError: In the block .* The rows before have class labels, without sample weights; these have 3 target columns/],
  ['sample weights after none', { x: randomRows(3, columns), y: [0, 1, 2], sampleWeights: [1, 1, 2] }, {}, /these have class labels, with sample weights/],
  ['an unknown option', { x: randomRows(3, columns), y: [0, 1, 2], weights: [1, 1, 2] }, {}, /Unknown option `weights`/],
  ['rows without targets', { x: randomRows(3, columns) }, {}, /`block` has neither labels nor targets/],
  ['a number', 5 as never, {}, /^TypeError: In the block .* Expected `block` to be a Dataset, a Table/],
  ['nothing', null as never, {}, /^TypeError: .* Expected `block` to be a Dataset/],
] // prettier-ignore

for (const [name, block, stream, message] of wrong)
  test(`a block with ${name} is refused, and the source closed`, async (t) => {
    const { source, counts } = counted([data, block as never])
    const trainer = makeTrainer({ epochs: 1 })
    const error = await rejection(trainer.fitStream(source, stream))
    t.regex(String(error), message)
    t.is(counts.returned, 1)
    t.true(error instanceof Error && error.stack?.includes('stream.test'))
    const expected = makeTrainer({ epochs: 1 })
    await expected.fit(data.slice(0, 192))
    t.deepEqual(trainer.network.parameters, expected.network.parameters)
  })

test('options that are wrong are refused at once', (t) => {
  const refuse = (
    message: RegExp,
    options: object,
    given: Options = {},
    source: unknown = [data],
  ) => {
    t.throws(() => makeTrainer(given).fitStream(source as never, options), { message })
  }
  refuse(/Unknown option `evaluateTrain`/, { evaluateTrain: true })
  refuse(/Expected `epochRows` to be a positive integer/, { epochRows: 0 })
  refuse(/Expected `shuffleBuffer`/, { shuffleBuffer: 2 ** 31 })
  refuse(/Expected `source` to be an iterable/, {}, {}, data)
  refuse(/Expected `source` to be an iterable/, {}, {}, 'text')
  refuse(/Expected `preparation.transform` to be a function/, { preparation: {} })
  refuse(/`features` and `target` are of no use/, {
    preparation: { transform: () => data },
    target: 'a',
  })
  refuse(/Expected `target\[1\]` to be a column's name/, { target: ['a', 5] })
  refuse(/`gradientDescent` needs all rows at once/, {}, { optimizer: gradientDescent() })
  refuse(
    /`bfgs` needs all rows at once/,
    {},
    {
      optimizer: [
        { optimizer: 'sgd', epochs: 1 },
        { optimizer: bfgs(), epochs: 1 },
      ],
    },
  )
  const crossing = adam({ learningRate: warmup(cosineDecay(0.1, { steps: 5, per: 'epoch' }), { steps: 10, per: 'step' }) }) // prettier-ignore
  refuse(/set `epochRows`/, {}, { optimizer: crossing })
})

test('a network that trains on a stream is busy', async (t) => {
  const trainer = makeTrainer()
  const { source } = endless()
  const fit = trainer.fitStream(source, endlessly)
  t.throws(() => trainer.fit(data), { code: 'ERR_NETWORK_BUSY' })
  t.throws(() => trainer.fitStream([data]), { code: 'ERR_NETWORK_BUSY' })
  fit.stop()
  await fit
  t.notThrows(() => trainer.fit(data))
})

test('a loss of one’s own trains on a stream as it does in memory', async (t) => {
  const loss: TrainerOptions['loss'] = ({ outputs, labels: indices }) => {
    const gradient = Array.from(outputs.data, (output, i) => output - Number(indices?.[Math.floor(i / classes)] === i % classes)) // prettier-ignore
    return { value: gradient.reduce((sum, error) => sum + error * error, 0) / 2, gradient }
  }
  const options = { loss, optimizer: sgd({ learningRate: constant(0.01) }) }
  t.deepEqual(await streamed(blocksOf7, options), await fitted(options))
})

/** Standardises columns; counts what it is given. */
class Standardiser {
  isFitted = false
  readonly learned: number[] = []
  readonly transformed: number[] = []
  #count = 0
  #sums = new Float64Array(columns)
  #squares = new Float64Array(columns)

  partialFit(table: Table): void {
    this.isFitted = true
    this.learned.push(table.rows)
    const { data: values } = table.drop(['label']).toMatrix()
    values.forEach((value, i) => {
      this.#sums[i % columns] = (this.#sums[i % columns] ?? 0) + value
      this.#squares[i % columns] = (this.#squares[i % columns] ?? 0) + value * value
    })
    this.#count += table.rows
  }

  transform(table: Table): Dataset {
    this.transformed.push(table.rows)
    const { data: values, shape } = table.drop(['label']).toMatrix()
    const scaled = Float32Array.from(values, (value, i) => {
      const mean = (this.#sums[i % columns] ?? 0) / this.#count
      return (
        (value - mean) / Math.sqrt((this.#squares[i % columns] ?? 0) / this.#count - mean * mean)
      )
    })
    const column = table.column('label')
    return new Dataset({ data: scaled, shape }, Int32Array.from(column.type === 'number' ? column.values : []), { classes }) // prettier-ignore
  }
}

test('a preparation learns from each block of the first epoch before it transforms it, and then no more', async (t) => {
  const sizes = chunks(50).map(([begin, end]) => end - begin)
  const tables = chunks(50).map(([begin, end]) => Table.fromRows(rowObjects(begin, end)))
  const preparation = new Standardiser()
  const trainer = makeTrainer({ epochs: 2 })
  await trainer.fitStream(tables, { preparation })
  t.deepEqual(preparation.learned, sizes)
  t.deepEqual(preparation.transformed, [...sizes, ...sizes])
  // The same by hand.
  const byHand = new Standardiser()
  const blocks = tables.map((table) => {
    byHand.partialFit(table)
    return byHand.transform(table)
  })
  const again = tables.map((table) => byHand.transform(table))
  const expected = makeTrainer()
  await expected.fitStream(blocks, { epochs: 1 })
  await expected.fitStream(again, { epochs: 1 })
  t.deepEqual(trainer.network.parameters, expected.network.parameters)
  // It has learned: a second stream changes nothing in it.
  await trainer.fitStream(tables, { preparation })
  t.deepEqual(preparation.learned, sizes)
})

test('with a preparation that has learned, chunks make no difference', async (t) => {
  const preparation = new Standardiser()
  preparation.partialFit(Table.fromRows(rowObjects()))
  const expected = await fitted({}, preparation.transform(Table.fromRows(rowObjects())))
  for (const size of [1, 7, 16, rows]) {
    const tables = chunks(size).map(([begin, end]) => Table.fromRows(rowObjects(begin, end)))
    t.deepEqual(await streamed(tables, {}, { preparation }), expected)
  }
  t.deepEqual(await streamed(rowObjects(), {}, { preparation }), expected)
})

test('with epochRows, a preparation learns in the first epoch only', async (t) => {
  const preparation = new Standardiser()
  const tables = chunks(10).map(([begin, end]) => Table.fromRows(rowObjects(begin, end)))
  await makeTrainer().fitStream(tables, { preparation, epochRows: 60 })
  t.deepEqual(preparation.learned, [10, 10, 10, 10, 10, 10])
})

test('what a preparation throws is what the fit rejects with', async (t) => {
  const error = new Error('it does not transform')
  const preparation = {
    transform: () => {
      throw error
    },
  }
  const tables = [Table.fromRows(rowObjects())]
  t.is(await rejection(makeTrainer().fitStream(tables, { preparation })), error)
  const none = await rejection(
    makeTrainer().fitStream(tables, { preparation: { transform: () => 5 as never } }),
  )
  t.regex(String(none), /Expected `preparation.transform\(table\)` to be a Dataset, got `5`/)
})

test('phases of other batch sizes follow one another on a stream', async (t) => {
  const optimizer = [
    { optimizer: 'sgd', epochs: 1, batchSize: 50 },
    { optimizer: 'adam', epochs: 2, batchSize: 8 },
  ] as const
  t.deepEqual(await streamed(blocksOf7, { optimizer }), await fitted({ optimizer }))
})

test('rows in several types may follow one another', async (t) => {
  const bytes = new Uint8Array(rows * columns).map((_, i) => (i * 37) % 256)
  const floats = Float32Array.from(bytes, (byte) => Math.fround(Math.fround(1 / 255) * byte))
  const make = (begin: number, end: number) => ({
    uint8: new Dataset({ data: bytes.slice(begin * columns, end * columns), shape: [end - begin, columns] }, labels.slice(begin, end), { scale: 1 / 255, classes }),
    float32: new Dataset({ data: floats.slice(begin * columns, end * columns), shape: [end - begin, columns] }, labels.slice(begin, end), { classes }),
    float64: new Dataset({ data: Float64Array.from(floats.slice(begin * columns, end * columns)), shape: [end - begin, columns] }, labels.slice(begin, end), { classes }),
  }) // prettier-ignore
  const blocks = chunks(5).map(([begin, end], i) => {
    const { uint8, float32, float64 } = make(begin, end)
    return [uint8, float32, float64][i % 3] ?? uint8
  })
  t.deepEqual(await streamed(blocks), await fitted({}, make(0, rows).uint8))
})
