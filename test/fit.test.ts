// Over 400 lines: all that the class promises, one test for each promise and each refusal.

import test from 'ava'
import { setImmediate as turn } from 'node:timers/promises'
import type {
  BatchReport,
  DType,
  EpochReport,
  FitOptions,
  Scores,
  TrainerOptions,
} from '../lib/index.js'
import {
  adam,
  Dataset,
  dense,
  GemmnetError,
  gradientDescent,
  Network,
  sgd,
  Trainer,
} from '../lib/index.js'
import { clouds, randomRows } from './helpers/data.js'
import { runInChild } from './helpers/run.js'

const { x, labels } = clouds(100, 6, 3)
const data = new Dataset(x, labels)
const other = new Dataset(clouds(40, 6, 3, 9).x, clouds(40, 6, 3, 9).labels)
const forever = Number.MAX_SAFE_INTEGER

const makeNetwork = () =>
  new Network({ inputs: 6, layers: [dense(8, 'tanh'), dense(3, 'softmax')], dtype: 'float64' })
const makeTrainer = (
  options: Partial<TrainerOptions<'accuracy'>> = {},
  network: Network<DType> = makeNetwork(),
) =>
  new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: adam({ learningRate: 0.01 }),
    metrics: ['accuracy'],
    batchSize: 16,
    epochs: 5,
    ...options,
  })

/** A report without what depends on the clock. */
const untimed = <R extends Scores & { seconds: number; rowsPerSecond: number }>(report: R) => ({
  ...report,
  seconds: undefined,
  rowsPerSecond: undefined,
})

test('awaiting a fit gives the history', async (t) => {
  const trainer = makeTrainer()
  const before = trainer.network.parameters
  const { epochs, completed } = await trainer.fit(data)
  t.true(completed)
  t.deepEqual(
    epochs.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5],
  )
  for (const report of epochs) {
    t.true(report.loss > 0 && report.accuracy >= 0 && report.accuracy <= 1)
    t.like(report, { penalty: 0, learningRate: 0.01, validation: undefined })
    t.true(report.seconds > 0 && Math.abs(report.seconds * report.rowsPerSecond - 100) < 1e-6)
  }
  t.true((epochs.at(-1)?.loss ?? NaN) < (epochs[0]?.loss ?? NaN))
  t.notDeepEqual(trainer.network.parameters, before)
  t.false(trainer.network.isTraining)
})

test('the same seeds give the same bits', async (t) => {
  const run = async (options: Partial<TrainerOptions<'accuracy'>> = {}) => {
    const trainer = makeTrainer(options)
    const { epochs } = await trainer.fit(data, { validation: other })
    return { reports: epochs.map(untimed), parameters: trainer.network.parameters }
  }
  t.deepEqual(await run(), await run())
  t.deepEqual(await run(), await run({ seed: 0, shuffle: true }))
  t.notDeepEqual((await run()).parameters, (await run({ seed: 1 })).parameters)
  t.notDeepEqual((await run()).parameters, (await run({ shuffle: false })).parameters)
})

test('the number of threads changes no bit', async (t) => {
  const { x, labels } = clouds(300, 64, 10)
  const wide = new Dataset(x, labels)
  const run = async (threads: number | undefined) => {
    const network = new Network({ inputs: 64, layers: [dense(128, 'relu'), dense(10, 'softmax')] })
    const trainer = new Trainer(network, {
      loss: 'categoricalCrossentropy',
      optimizer: 'adam',
      batchSize: 128,
      epochs: 3,
      threads,
    })
    const { epochs } = await trainer.fit(wide, { validation: wide })
    return {
      losses: epochs.map(({ loss, validation }) => [loss, validation.loss]),
      parameters: network.parameters,
    }
  }
  const expected = await run(1)
  for (const threads of [2, 3, 7, undefined]) t.deepEqual(await run(threads), expected)
})

test('two fits of a trainer are one longer fit', async (t) => {
  for (const optimizer of [
    adam(),
    sgd({ momentum: 0.9, nesterov: true }),
    sgd(),
    gradientDescent(),
  ]) {
    const one = makeTrainer({ optimizer })
    const two = makeTrainer({ optimizer })
    const all = (await one.fit(data, { epochs: 5 })).epochs
    const parts = [
      ...(await two.fit(data, { epochs: 2 })).epochs,
      ...(await two.fit(data, { epochs: 3 })).epochs,
    ]
    t.deepEqual(parts.map(untimed), all.map(untimed))
    t.deepEqual(two.network.parameters, one.network.parameters)
  }
})

test('gradient descent is one step an epoch on all rows', async (t) => {
  const full = makeTrainer({ optimizer: gradientDescent({ learningRate: 0.1 }), shuffle: false })
  const batch = makeTrainer({
    optimizer: sgd({ learningRate: 0.1 }),
    batchSize: 100,
    shuffle: false,
  })
  const batches: number[] = []
  const callbacks = [{ onBatchEnd: (report: BatchReport) => void batches.push(report.batches) }]
  await Promise.all([full.fit(data, { callbacks }), batch.fit(data)])
  t.deepEqual(batches, [1, 1, 1, 1, 1])
  t.deepEqual(full.network.parameters, batch.network.parameters)
})

test('iterating over a fit gives the reports of its history', async (t) => {
  const fit = makeTrainer().fit(data, { validation: other })
  const seen: unknown[] = []
  for await (const report of fit) seen.push(report)
  const { epochs } = await fit
  t.is(seen.length, 5)
  t.deepEqual(seen, epochs)
  const again: unknown[] = []
  for await (const report of fit) again.push(report)
  t.deepEqual(again, epochs)
})

test('two iterators both see every report', async (t) => {
  const fit = makeTrainer({ epochs: 20 }).fit(data)
  const collect = async () => {
    const numbers: number[] = []
    for await (const { epoch } of fit) numbers.push(epoch)
    return numbers
  }
  const [a, b] = await Promise.all([collect(), collect()])
  t.is(a.length, 20)
  t.deepEqual(a, b)
})

test('a break stops the training; the network keeps what it has learnt', async (t) => {
  const trainer = makeTrainer()
  const { network } = trainer
  const before = network.parameters
  const fit = trainer.fit(data, { epochs: forever })
  let last = 0
  for await (const { epoch } of fit) {
    last = epoch
    if (epoch === 3) break
  }
  t.is(last, 3)
  t.false(network.isTraining)
  const { epochs, completed } = await fit
  t.false(completed)
  t.true(epochs.length >= 3)
  t.notDeepEqual(network.parameters, before)
  t.true(network.parameters.every(Number.isFinite))

  const first = epochs.at(-1)?.epoch ?? NaN
  const more = await trainer.fit(data, { epochs: 2 })
  t.true(more.completed)
  t.true((more.epochs[0]?.epoch ?? NaN) > first)
})

test('return and throw of an iterator stop the training as well', async (t) => {
  const trainer = makeTrainer()
  const iterator = trainer.fit(data, { epochs: forever })[Symbol.asyncIterator]()
  await iterator.next()
  await iterator.return(undefined)
  t.false(trainer.network.isTraining)

  const error = new Error('from the loop')
  const thrown = await t.throwsAsync(async () => {
    for await (const { epoch } of trainer.fit(data, { epochs: forever })) if (epoch > 0) throw error
  })
  t.is(thrown, error)
  t.false(trainer.network.isTraining)
})

test('stop ends a fit that nobody iterates over', async (t) => {
  const trainer = makeTrainer()
  const fit = trainer.fit(data, { epochs: forever })
  fit.stop()
  t.false((await fit).completed)
  fit.stop()
  t.false(trainer.network.isTraining)
})

test('a signal that has aborted already lets nothing begin', async (t) => {
  const trainer = makeTrainer()
  const before = trainer.network.parameters
  const reason = new Error('the reason')
  const fit = trainer.fit(data, { signal: AbortSignal.abort(reason) })
  t.false(trainer.network.isTraining)
  t.is(await t.throwsAsync(Promise.resolve(fit)), reason)
  t.deepEqual(trainer.network.parameters, before)
})

test('a signal that aborts ends the fit with its reason, whatever it is', async (t) => {
  for (const reason of [new Error('the reason'), 'a text', undefined]) {
    const trainer = makeTrainer()
    const before = trainer.network.parameters
    const controller = new AbortController()
    const fit = trainer.fit(data, {
      epochs: forever,
      signal: controller.signal,
      callbacks: [
        {
          onBatchEnd({ batch }) {
            if (batch === 2) controller.abort(reason)
          },
        },
      ],
    })
    const caught = await fit.then(
      () => t.fail(),
      (error: unknown) => error,
    )
    t.is(caught, controller.signal.reason)
    t.false(trainer.network.isTraining)
    t.notDeepEqual(trainer.network.parameters, before)
    t.true(trainer.network.parameters.every(Number.isFinite))
    t.true((await trainer.fit(data)).completed)
  }
})

test('a loop over an aborted fit throws the reason', async (t) => {
  const controller = new AbortController()
  const reason = new Error('the reason')
  const caught = await t.throwsAsync(async () => {
    for await (const { epoch } of makeTrainer().fit(data, {
      epochs: forever,
      signal: controller.signal,
    }))
      if (epoch === 2) controller.abort(reason)
  })
  t.is(caught, reason)
})

test('a signal that aborts after the end changes nothing', async (t) => {
  const controller = new AbortController()
  const fit = makeTrainer().fit(data, { signal: controller.signal })
  await fit
  controller.abort()
  t.true((await fit).completed)
})

test('a timeout is a signal', async (t) => {
  const fit = makeTrainer().fit(data, { epochs: forever, signal: AbortSignal.timeout(30) })
  const reason = (await fit.catch((error: unknown) => error)) as DOMException
  t.is(reason.name, 'TimeoutError')
})

test('catch and finally of a fit are those of a promise', async (t) => {
  let finals = 0
  const count = () => {
    finals++
  }
  t.true((await makeTrainer().fit(data).finally(count)).completed)
  const aborted = () => makeTrainer().fit(data, { signal: AbortSignal.abort('the reason') })
  t.is(await aborted().catch((error: unknown) => error), 'the reason')
  await aborted()
    .finally(count)
    .catch(() => undefined)
  t.is(finals, 2)
})

test('a rejected fit that is only iterated raises no unhandled rejection', async (t) => {
  const { code, said, errors } = await runInChild('iterateRejected')
  t.is(errors, '')
  t.is(code, 0)
  t.deepEqual(said, [{ unhandled: 0, caught: [true, true] }])
})

test('a rejected fit that nobody looks at raises one', async (t) => {
  const { said } = await runInChild('neglectRejected')
  t.deepEqual(said, [['the reason']])
})

test('callbacks are called in turn, and the next epoch waits for them', async (t) => {
  const log: string[] = []
  const asynchronous = {
    onBatchEnd({ epoch, batch }: BatchReport) {
      log.push(`batch ${epoch}.${batch}`)
    },
    async onEpochEnd({ epoch }: EpochReport) {
      log.push(`a begins ${epoch}`)
      for (let i = 0; i < 20; i++) await turn()
      log.push(`a ends ${epoch}`)
    },
  }
  const synchronous = {
    onEpochEnd({ epoch }: EpochReport) {
      log.push(`b ${epoch}`)
    },
  }
  const { epochs } = await makeTrainer({ epochs: 3, batchSize: 50 }).fit(data, {
    callbacks: [asynchronous, synchronous, {}],
  })
  t.is(epochs.length, 3)
  t.deepEqual(
    log,
    [1, 2, 3].flatMap((n) => [
      `batch ${n}.1`,
      `batch ${n}.2`,
      `a begins ${n}`,
      `a ends ${n}`,
      `b ${n}`,
    ]),
  )
})

test('callbacks change nothing of the result', async (t) => {
  const [plain, called] = [makeTrainer(), makeTrainer()]
  const reports: EpochReport[] = []
  const callback = {
    onEpochEnd: (report: EpochReport) => void reports.push(report),
    onBatchEnd: () => undefined,
  }
  const expected = (await plain.fit(data)).epochs
  const { epochs } = await called.fit(data, { callbacks: [callback] })
  t.deepEqual(reports, epochs)
  t.deepEqual(epochs.map(untimed), expected.map(untimed))
  t.deepEqual(called.network.parameters, plain.network.parameters)
})

for (const [how, hook] of [
  [
    'onEpochEnd throws',
    {
      onEpochEnd: (error: Error) => {
        throw error
      },
    },
  ],
  ['onEpochEnd rejects', { onEpochEnd: (error: Error) => Promise.reject(error) }],
  [
    'onBatchEnd throws',
    {
      onBatchEnd: (error: Error) => {
        throw error
      },
    },
  ],
  ['onBatchEnd rejects', { onBatchEnd: (error: Error) => Promise.reject(error) }],
] as const)
  test(`a callback whose ${how} ends the fit`, async (t) => {
    const error = new Error('from a callback')
    let later = 0
    const count = () => {
      later++
    }
    const failing = Object.fromEntries(
      Object.entries(hook).map(([name, fail]) => [
        name,
        () => (fail as (e: Error) => unknown)(error),
      ]),
    )
    const trainer = makeTrainer()
    const fit = trainer.fit(data, {
      epochs: forever,
      callbacks: [failing, { onEpochEnd: count, onBatchEnd: count }],
    })
    t.is(await t.throwsAsync(Promise.resolve(fit)), error)
    t.is(later, 'onEpochEnd' in hook ? 7 : 0) // the batches before
    t.false(trainer.network.isTraining)
    t.true((await trainer.fit(data)).completed)
  })

test('every batch is reported, the ragged last one too', async (t) => {
  const reports: BatchReport[] = []
  const { epochs } = await makeTrainer({ batchSize: 30, epochs: 2 }).fit(data, {
    callbacks: [{ onBatchEnd: (report) => void reports.push(report) }],
  })
  t.deepEqual(
    reports.map(({ epoch, batch, batches }) => [epoch, batch, batches]),
    [1, 2].flatMap((epoch) => [1, 2, 3, 4].map((batch) => [epoch, batch, 4])),
  )
  for (const { epoch, loss } of epochs) {
    const own = reports.filter((report) => report.epoch === epoch)
    const mean = own.reduce((sum, report, i) => sum + report.loss * (i < 3 ? 0.3 : 0.1), 0)
    t.true(Math.abs(mean - loss) < 1e-12)
  }
})

test('with an interval every so many batches are reported, and the last', async (t) => {
  const batches: number[] = []
  await makeTrainer({ batchSize: 10, epochs: 2 }).fit(data, {
    batchReportInterval: 4,
    callbacks: [{ onBatchEnd: ({ batch }) => void batches.push(batch) }],
  })
  t.deepEqual(batches, [4, 8, 10, 4, 8, 10])
})

test('a batch may be larger than the data', async (t) => {
  const large = makeTrainer({ batchSize: 2 ** 40, shuffle: false })
  const exact = makeTrainer({ batchSize: 100, shuffle: false })
  await Promise.all([large.fit(data), exact.fit(data)])
  t.deepEqual(large.network.parameters, exact.network.parameters)
})

test('one row is enough', async (t) => {
  t.true((await makeTrainer().fit(data.slice(0, 1), { validation: data.slice(1, 2) })).completed)
})

test('no epochs are an empty history', async (t) => {
  const trainer = makeTrainer()
  const before = trainer.network.parameters
  t.deepEqual(await trainer.fit(data, { epochs: 0 }), {
    epochs: [],
    completed: true,
    converged: false,
  })
  t.deepEqual(trainer.network.parameters, before)
  for await (const report of trainer.fit(data, { epochs: 0 })) t.is(report.epoch, 0)
})

test('a validation set is scored after each epoch, as evaluate does', async (t) => {
  const trainer = makeTrainer({ l2: 0.01 })
  for await (const { validation } of trainer.fit(data, { validation: other, epochs: 1 }))
    t.deepEqual(validation, await trainer.evaluate(other))
})

test('several validation sets are scored by name', async (t) => {
  const one = makeTrainer()
  const { epochs } = await one.fit(data, { validation: { dev: other, train: data } })
  const [single] = (await makeTrainer().fit(data, { validation: other })).epochs
  t.deepEqual(Object.keys(epochs[0]?.validation ?? {}), ['dev', 'train'])
  t.deepEqual(epochs[0]?.validation.dev, single?.validation)
  t.deepEqual(epochs.at(-1)?.validation.train, await one.evaluate(data))
  t.deepEqual((await makeTrainer().fit(data, { validation: {} })).epochs[0]?.validation, {})
})

test('a network that trains cannot be set or trained', async (t) => {
  const trainer = makeTrainer()
  const { network } = trainer
  const fit = trainer.fit(data, { epochs: forever })
  t.true(network.isTraining)
  const busy = (what: string) => ({
    instanceOf: GemmnetError,
    code: 'ERR_NETWORK_BUSY',
    message: `The network is training; ${what} until it has ended`,
  })
  const [layer] = network.layers
  if (layer === undefined) return t.fail()
  t.throws(() => trainer.fit(data), busy('a second fit cannot start'))
  t.throws(() => makeTrainer({}, network).fit(data), busy('a second fit cannot start'))
  const set = busy('its weights cannot be set')
  const { kernel } = layer
  const { parameters } = network
  t.throws(() => (layer.kernel = kernel), set)
  t.throws(() => (layer.bias = new Float64Array(8)), set)
  t.throws(() => (network.parameters = parameters), set)
  fit.stop()
  await fit
  network.parameters = parameters
  layer.bias = new Float64Array(8)
  t.true((await trainer.fit(data)).completed)
})

test('a clone of a network that trains is free', async (t) => {
  const trainer = makeTrainer()
  const fit = trainer.fit(data, { epochs: forever })
  const copy = trainer.network.clone()
  t.true((await makeTrainer({}, copy).fit(data)).completed)
  copy.parameters = new Float64Array(copy.parameterCount)
  fit.stop()
  await fit
})

test('while it trains a network answers from the end of the last finished epoch', async (t) => {
  const epochs = 30
  const trainer = makeTrainer({ epochs })
  const reference = makeTrainer({}, trainer.network.clone())
  const byEpoch: (string | undefined)[] = [reference.network.predict(other).data.join()]
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await reference.fit(data, { epochs: 1 })
    byEpoch.push(reference.network.predict(other).data.join())
  }
  t.is(new Set(byEpoch).size, epochs + 1)

  let last = 0
  const look = (answer: string, atLeast: number, atMost: number) => {
    const epoch = byEpoch.indexOf(answer)
    t.true(epoch >= atLeast && epoch <= atMost)
    last = epoch
  }
  const { network } = trainer
  const fit = trainer.fit(data, {
    callbacks: [
      {
        // In the middle of an epoch, if it is not over by now.
        onBatchEnd({ epoch }) {
          look(network.predict(other).data.join(), Math.max(last, epoch - 1), epoch)
        },
        async onEpochEnd({ epoch }) {
          look(network.predict(other).data.join(), epoch, epoch)
          const { data: later } = await network.predictAsync(other)
          look(later.join(), epoch, epoch)
          const { loss } = await trainer.evaluate(other)
          const { loss: same } = await makeTrainer({}, network.clone()).evaluate(other)
          t.is(loss, same)
        },
      },
    ],
  })
  await fit
  look(network.predict(other).data.join(), epochs, epochs)
})

test('without callbacks every answer is of the end of some epoch, in order', async (t) => {
  const epochs = 200
  const trainer = makeTrainer({ epochs, batchSize: 4 })
  const reference = makeTrainer({ batchSize: 4 }, trainer.network.clone())
  const byEpoch: (string | undefined)[] = [reference.network.parameters.join()]
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await reference.fit(data, { epochs: 1 })
    byEpoch.push(reference.network.parameters.join())
  }
  const fit = trainer.fit(data)
  let last = 0
  while (trainer.network.isTraining) {
    const epoch = byEpoch.indexOf(trainer.network.parameters.join())
    t.true(epoch >= last)
    last = epoch
    await turn()
  }
  await fit
  t.true(trainer.network.parameters.join() === byEpoch.at(-1))
})

test('layers may be frozen, and thawed, while the network is scored', async (t) => {
  const { x, labels } = clouds(3000, 6, 3)
  const many = new Dataset(x, labels)
  const trainer = makeTrainer({ l2: 0.1 })
  const [first] = trainer.network.layers
  if (first === undefined) return
  const { penalty: ofAll } = await trainer.evaluate(other)
  first.trainable = false
  const { penalty: ofOthers } = await trainer.evaluate(other)
  t.true(ofOthers < ofAll)

  let scores: Scores<'accuracy'> | undefined
  const promise = trainer.evaluate(many).then((all) => {
    scores = all
  })
  while (scores === undefined) {
    first.trainable = !first.trainable
    await turn()
  }
  await promise
  const { penalty } = scores
  t.true([ofAll, ofOthers].some((one) => Math.abs(penalty - one) < 1e-12))
})

test('a loss that is not finite is named and leaves finite weights', async (t) => {
  for (const dtype of ['float32', 'float64'] as const)
    for (const [batchSize, epochs] of [
      [10, 3],
      [100, 3],
      [1000, 1],
    ] as const) {
      const network = new Network({ inputs: 6, layers: [dense(8, 'relu'), dense(3)], dtype })
      const before = network.parameters
      const trainer = new Trainer(network, {
        loss: 'meanSquaredError',
        optimizer: sgd({ learningRate: 1e200 }),
        batchSize,
        epochs,
      })
      const fit = trainer.fit(data)
      const error = await fit.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      t.true(network.parameters.every(Number.isFinite), `${dtype}, batches of ${batchSize}`)
      t.is(network.parameters.length, before.length)
      t.false(network.isTraining)
      // 1e200 is beyond float32, whose weights are infinite after one step; in float64 it is the
      // loss of a second step that overflows.
      const ofWeights = dtype === 'float32' && batchSize > 10
      if (dtype === 'float64' && epochs === 1) {
        t.is(error, undefined)
        continue
      }
      if (!(error instanceof GemmnetError)) {
        t.fail()
        continue
      }
      t.like(error, { code: 'ERR_NON_FINITE_LOSS' })
      t.deepEqual(
        [error.epoch, error.batch],
        batchSize === 10 ? [1, 2] : ofWeights ? [1, 1] : [2, 1],
      )
      t.true(error.layer === 0 || error.layer === 1)
      if (ofWeights) {
        t.is(error.row, undefined)
        t.regex(error.message, /^The weights of layer \d are not finite after epoch 1, batch 1\./)
        continue
      }
      t.true((error.row ?? NaN) >= 0 && (error.row ?? NaN) < 100)
      t.regex(
        error.message,
        /^The loss is not finite in epoch \d, batch \d: layer \d gives NaN or infinity for row \d+\./,
      )
    }
})

test('the row of a loss that is not finite is that of the data given, through views', async (t) => {
  const values = new Float64Array(40).fill(1)
  values[2 * 4 + 1] = 1e300 // beyond float32
  const view = new Dataset({ data: values, shape: [10, 4] }, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]).slice(
    1,
  )
  const network = new Network({ inputs: 4, layers: [dense(2, 'softmax')] })
  const trainer = new Trainer(network, { loss: 'categoricalCrossentropy', optimizer: 'sgd' })
  const error = await t.throwsAsync(Promise.resolve(trainer.fit(view)), {
    instanceOf: GemmnetError,
  })
  t.like(error, { code: 'ERR_NON_FINITE_LOSS', epoch: 1, batch: 1, layer: 0, row: 1 })
  t.true(network.parameters.every(Number.isFinite))
})

test('an error that comes up on another thread shows the caller', async (t) => {
  const network = new Network({ inputs: 6, layers: [dense(8, 'relu'), dense(3)] })
  const optimizer = sgd({ learningRate: 1e200 })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer, batchSize: 10 })
  const callsFit = () => trainer.fit(data)
  const error = await t.throwsAsync(Promise.resolve(callsFit()), { instanceOf: GemmnetError })
  t.regex(error.stack ?? '', /^GemmnetError: The loss is not finite/)
  t.regex(error.stack ?? '', /callsFit.*fit\.test/)

  const refused = await t.throwsAsync(trainer.evaluate(new Dataset([[1]], [0])))
  t.regex(refused.stack ?? '', /fit\.test/)
})

test('a row that weighs two counts as two rows', async (t) => {
  const rows = randomRows(5, 6).data
  const y = [0, 1, 2, 0, 1]
  const weighted = new Dataset({ data: rows, shape: [5, 6] }, y, { sampleWeights: [1, 2, 1, 1, 3] })
  const repeated = new Dataset({ data: rows, shape: [5, 6] }, y).subset([0, 1, 1, 2, 3, 4, 4, 4])
  // Keras: the loss is the weighted sum by the number of rows, here 5 and 8.
  const a = makeTrainer({ optimizer: gradientDescent({ learningRate: 0.1 }) })
  const b = makeTrainer({ optimizer: gradientDescent({ learningRate: 0.1 * (8 / 5) }) })
  const [one, two] = await Promise.all([a.fit(weighted), b.fit(repeated)])
  const close = (p: number, q: number) => Math.abs(p - q) < 1e-12
  t.true(a.network.parameters.every((value, i) => close(value, b.network.parameters[i] ?? NaN)))
  t.true(one.epochs.every(({ loss }, i) => close(loss * 5, (two.epochs[i]?.loss ?? NaN) * 8)))
  t.true(close((await a.evaluate(weighted)).loss * 5, (await b.evaluate(repeated)).loss * 8))
})

test('rows that weigh nothing teach nothing', async (t) => {
  const trainer = makeTrainer({ optimizer: 'sgd' })
  const before = trainer.network.parameters
  await trainer.fit(new Dataset(x, labels, { sampleWeights: new Float64Array(100) }))
  t.deepEqual(trainer.network.parameters, before)
})

test('labels and their one-hot rows train alike', async (t) => {
  const oneHot = new Float64Array(300)
  labels.forEach((label, row) => (oneHot[3 * row + label] = 1))
  const dense = new Dataset(x, { data: oneHot, shape: [100, 3] })
  const [a, b] = [makeTrainer(), makeTrainer()]
  const [one, two] = await Promise.all([a.fit(data), b.fit(dense)])
  t.true(
    a.network.parameters.every(
      (value, i) => Math.abs(value - (b.network.parameters[i] ?? NaN)) < 1e-12,
    ),
  )
  t.is(one.epochs.at(-1)?.accuracy, two.epochs.at(-1)?.accuracy)
})

test('data that do not fit are refused before anything begins', async (t) => {
  const trainer = makeTrainer()
  const rows = randomRows(4, 6)
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [new Dataset([[1, 2]], [0]), 'has 2 columns, the network takes 6', 'Range'],
    [new Dataset(rows), 'has neither labels nor targets', 'Range'],
    [new Dataset(rows, [0, 1, 2, 3]), 'has 4 classes, the network has 3 outputs', 'Range'],
    [
      new Dataset(rows, randomRows(4, 2)),
      'has 2 target columns, the network has 3 outputs',
      'Range',
    ],
  ]
  for (const [given, message] of cases) {
    const set = given as Dataset
    t.throws(() => trainer.fit(set), { instanceOf: RangeError, message: `\`train\` ${message}` })
    t.throws(() => trainer.fit(data, { validation: set }), {
      instanceOf: RangeError,
      message: `\`validation\` ${message}`,
    })
    t.throws(() => trainer.fit(data, { validation: { good: data, bad: set } }), {
      instanceOf: RangeError,
      message: `\`validation.bad\` ${message}`,
    })
    await t.throwsAsync(trainer.evaluate(set), {
      instanceOf: RangeError,
      message: `\`data\` ${message}`,
    })
  }
  t.throws(() => trainer.fit(rows as unknown as Dataset), {
    instanceOf: TypeError,
    message: 'Expected `train` to be a Dataset, got `Object`',
  })
  const binary = new Trainer(new Network({ inputs: 6, layers: [dense(1, 'sigmoid')] }), {
    loss: 'binaryCrossentropy',
    optimizer: 'sgd',
  })
  t.throws(() => binary.fit(data), {
    instanceOf: RangeError,
    message: '`train` has 3 classes, the network has 1 output, which tells two apart',
  })
  t.false(trainer.network.isTraining)
})

test('wrong options of a fit are named', (t) => {
  const trainer = makeTrainer()
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [null, 'Expected `fit options` to be an object, got `null`', 'Type'],
    [{ epoch: 3 }, 'Unknown option `epoch` for `fit`; did you mean `epochs`?', 'Type'],
    [{ epochs: -1 }, 'Expected `epochs` to be a non-negative integer, got `-1`', 'Range'],
    [{ epochs: 0.5 }, 'Expected `epochs` to be a non-negative integer, got `0.5`', 'Range'],
    [{ epochs: '3' }, "Expected `epochs` to be a non-negative integer, got `'3'`", 'Type'],
    [{ signal: {} }, 'Expected `signal` to be an AbortSignal, got `Object`', 'Type'],
    [{ callbacks: {} }, 'Expected `callbacks` to be an array, got `Object`', 'Type'],
    [
      { callbacks: [null] },
      'Expected `callbacks[0]` to be a callback, such as earlyStopping(), got `null`',
      'Type',
    ],
    [
      { callbacks: [{ onEpochEnd: 5 }] },
      'Expected `callbacks[0].onEpochEnd` to be a function, got `5`',
      'Type',
    ],
    [
      { batchReportInterval: 0 },
      'Expected `batchReportInterval` to be a positive integer, got `0`',
      'Range',
    ],
    [
      { validation: null },
      'Expected `validation` to be a Dataset or several by name, got `null`',
      'Type',
    ],
    [{ validation: { dev: 5 } }, 'Expected `validation.dev` to be a Dataset, got `5`', 'Type'],
  ]
  for (const [options, message, kind] of cases)
    t.throws(() => trainer.fit(data, options as FitOptions), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message,
    })
  t.false(trainer.network.isTraining)
})

test('wrong options of a trainer are named', (t) => {
  const make = (options: unknown) =>
    new Trainer(makeNetwork(), {
      loss: 'categoricalCrossentropy',
      optimizer: 'sgd',
      ...(options as object),
    })
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [
      { batchsize: 3 },
      'Unknown option `batchsize` for `Trainer`; did you mean `batchSize`?',
      'Type',
    ],
    [{ batchSize: 0 }, 'Expected `batchSize` to be a positive integer, got `0`', 'Range'],
    [{ batchSize: '32' }, "Expected `batchSize` to be a positive integer, got `'32'`", 'Type'],
    [{ epochs: -1 }, 'Expected `epochs` to be a non-negative integer, got `-1`', 'Range'],
    [{ seed: NaN }, 'Expected `seed` to be a non-negative integer, got `NaN`', 'Range'],
    [{ shuffle: 0 }, 'Expected `shuffle` to be true or false, got `0`', 'Type'],
    [
      { threads: 0 },
      'Expected `threads` to be a positive integer of at most 1024, got `0`',
      'Range',
    ],
    [
      { threads: 5000 },
      'Expected `threads` to be a positive integer of at most 1024, got `5000`',
      'Range',
    ],
    [{ l2: -1 }, 'Expected `l2` to be a non-negative number, got `-1`', 'Range'],
    [
      { loss: undefined },
      'Expected `loss` to be the name of a known loss, got `undefined`',
      'Type',
    ],
    [{ loss: 'crossentropy' }, /^Unknown loss `crossentropy`; /.source, 'Range'],
    [
      { loss: 'meanSquareError' },
      'Unknown loss `meanSquareError`; did you mean `meanSquaredError`?',
      'Range',
    ],
    [
      { metrics: 'accuracy' },
      "Expected `metrics` to be an array of names, got `'accuracy'`",
      'Type',
    ],
    [{ metrics: ['acuracy'] }, 'Unknown metric `acuracy`; did you mean `accuracy`?', 'Range'],
    [{ metrics: [5] }, 'Expected `metrics[0]` to be the name of a known metric, got `5`', 'Type'],
    [{ optimizer: 'adamm' }, 'Unknown optimizer `adamm`; did you mean `adam`?', 'Range'],
    [
      { optimizer: undefined },
      'Expected `optimizer` to be an optimizer, such as sgd() or its name, got `undefined`',
      'Type',
    ],
    [
      { optimizer: { name: 'sgd', options: { learningRate: -1 } } },
      'Expected `optimizer.options.learningRate` to be a non-negative number, got `-1`',
      'Range',
    ],
  ]
  for (const [options, message, kind] of cases)
    t.throws(() => make(options), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message: message.startsWith('^') ? new RegExp(message) : message,
    })
  t.throws(
    () => new Trainer(data as unknown as Network, { loss: 'meanSquaredError', optimizer: 'sgd' }),
    {
      instanceOf: TypeError,
      message: 'Expected `network` to be a Network, got `Dataset`',
    },
  )
  const single = new Network({ inputs: 1, layers: [dense(1, 'softmax')] })
  t.throws(() => new Trainer(single, { loss: 'categoricalCrossentropy', optimizer: 'sgd' }), {
    instanceOf: RangeError,
    message:
      '`categoricalCrossentropy` needs two outputs or more; for one there is `binaryCrossentropy`',
  })
})

test('wrong options of an optimizer are named', (t) => {
  const cases: [() => unknown, string, 'Range' | 'Type'][] = [
    [
      () => sgd({ lerningRate: 1 } as object),
      'Unknown option `lerningRate` for `sgd`; did you mean `learningRate`?',
      'Type',
    ],
    [() => sgd({ momentum: 1 }), 'Expected `momentum` to be a number in [0, 1), got `1`', 'Range'],
    [
      () => sgd({ nesterov: 1 } as object),
      'Expected `nesterov` to be true or false, got `1`',
      'Type',
    ],
    [
      () => adam({ learningRate: -1 }),
      'Expected `learningRate` to be a non-negative number, got `-1`',
      'Range',
    ],
    [() => adam({ beta1: -0.1 }), 'Expected `beta1` to be a number in [0, 1), got `-0.1`', 'Range'],
    [() => adam({ beta2: NaN }), 'Expected `beta2` to be a number in [0, 1), got `NaN`', 'Range'],
    [
      () => adam({ epsilon: 0 }),
      'Expected `epsilon` to be a number from 1e-30 to 1e30, got `0`',
      'Range',
    ],
    [
      () => gradientDescent({ momentum: 0.9 } as object),
      'Unknown option `momentum` for `gradientDescent`; known: `learningRate`, `weightDecay`',
      'Type',
    ],
  ]
  for (const [make, message, kind] of cases)
    t.throws(make, { instanceOf: kind === 'Range' ? RangeError : TypeError, message })
})
