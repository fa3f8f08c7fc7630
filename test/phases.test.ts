// Over 400 lines: what a Trainer promises of a fit, once more for several phases and for iterations.

import test from 'ava'
import type { LayerDescription, OptimizerName, TrainerOptions } from '../lib/index.js'
import {
  activation,
  adam,
  batchNorm,
  bfgs,
  Dataset,
  dense,
  dropout,
  earlyStopping,
  gaussianNoise,
  lbfgs,
  levenbergMarquardt,
  Network,
  reduceOnPlateau,
  sgd,
  Trainer,
} from '../lib/index.js'
import { clouds, randomRows } from './helpers/data.js'

const { x, labels } = clouds(60, 4, 3)
const data = new Dataset(x, labels)
const dev = new Dataset(clouds(30, 4, 3, 5).x, clouds(30, 4, 3, 5).labels)
const forever = Number.MAX_SAFE_INTEGER

const makeTrainer = (
  options: Partial<TrainerOptions<'accuracy'>> = {},
  layers: LayerDescription[] = [dense(5, 'tanh'), dense(3, 'softmax')],
) =>
  new Trainer(new Network({ inputs: 4, layers, dtype: 'float64' }), {
    loss: 'categoricalCrossentropy',
    optimizer: lbfgs(),
    metrics: ['accuracy'],
    l2: 0.01,
    batchSize: 20,
    ...options,
  })

/** A linear regression: its least is reached in a few iterations. */
const regression = () => {
  const network = new Network({ inputs: 4, layers: [dense(1)], dtype: 'float64' })
  const set = new Dataset(randomRows(40, 4), randomRows(40, 1, 2))
  return { network, set }
}

const untimed = (report: object) => ({ ...report, seconds: 0, rowsPerSecond: 0 })
const caught = async (fit: PromiseLike<unknown>): Promise<unknown> =>
  fit.then(
    () => undefined,
    (error: unknown) => error,
  )

test('phases follow one another within a fit', async (t) => {
  const trainer = makeTrainer({
    optimizer: [
      { optimizer: adam({ learningRate: 0.01 }), epochs: 3 },
      { optimizer: lbfgs(), epochs: 5 },
    ],
  })
  t.is(trainer.epochs, 8)
  const { epochs, completed, converged } = await trainer.fit(data, { validation: dev })
  t.true(completed)
  t.false(converged)
  t.deepEqual(
    epochs.map(({ epoch, phase }) => [epoch, phase]),
    [0, 0, 0, 1, 1, 1, 1, 1].map((phase, i) => [i + 1, phase]),
  )
  for (const { phase, evaluations, learningRate, validation } of epochs) {
    t.is(learningRate, phase === 0 ? 0.01 : 0)
    t.true(phase === 0 ? evaluations === 0 : evaluations >= 1)
    t.true(validation.loss > 0)
  }
  t.deepEqual(epochs.at(-1)?.validation, await trainer.evaluate(dev))
})

test('a phase is what a trainer of its own would do, from the same weights', async (t) => {
  const both = makeTrainer({
    optimizer: [
      { optimizer: 'adam', epochs: 2, batchSize: 7 },
      { optimizer: 'lbfgs', epochs: 4 },
    ],
  })
  const { epochs } = await both.fit(data)
  const first = makeTrainer({ optimizer: 'adam', batchSize: 7 })
  const begin = (await first.fit(data, { epochs: 2 })).epochs
  const second = new Trainer(first.network, {
    loss: 'categoricalCrossentropy',
    optimizer: 'lbfgs',
    metrics: ['accuracy'],
    l2: 0.01,
  })
  const end = (await second.fit(data, { epochs: 4 })).epochs
  t.deepEqual(
    epochs.map(({ loss, accuracy }) => [loss, accuracy]),
    [...begin, ...end].map(({ loss, accuracy }) => [loss, accuracy]),
  )
  t.deepEqual(both.network.parameters, first.network.parameters)
})

test('an iteration reports the point that it moved to, and never goes up', async (t) => {
  for (const optimizer of [lbfgs(), bfgs()]) {
    const trainer = makeTrainer({ optimizer })
    let last = (await trainer.evaluate(data)).loss
    const { epochs } = await trainer.fit(data, {
      epochs: 10,
      evaluateTrain: true,
      callbacks: [
        {
          async onEpochEnd(report) {
            const exact = await trainer.evaluate(data)
            t.true(Math.abs(report.loss - exact.loss) < 1e-12)
            t.true(Math.abs(report.penalty - exact.penalty) < 1e-12)
            t.is(report.accuracy, exact.accuracy)
            t.deepEqual(report.train, exact)
            t.true(report.loss < last)
            last = report.loss
          },
        },
      ],
    })
    t.is(epochs.length, 10)
  }
})

test('as many fits of one epoch are one fit, over the phases', async (t) => {
  const optimizer = [
    { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), epochs: 2 },
    { optimizer: lbfgs(), epochs: 3 },
    { optimizer: adam(), epochs: 2 },
  ]
  const [whole, parts] = [makeTrainer({ optimizer }), makeTrainer({ optimizer })]
  const { epochs } = await whole.fit(data)
  for (const report of epochs) {
    // One more evaluation than within a fit would be allowed, at its beginning.
    const { evaluations, ...part } = untimed(await parts.partialFit(data)) as typeof report
    const { evaluations: expected, ...others } = untimed(report) as typeof report
    t.deepEqual(part, others)
    t.true(evaluations >= expected)
  }
  t.deepEqual(parts.network.parameters, whole.network.parameters)
})

test('converging ends the last phase, and moves on from the others', async (t) => {
  const { network, set } = regression()
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: [
      { optimizer: lbfgs({ gradientTolerance: 1e-6 }), epochs: 100 },
      { optimizer: sgd({ learningRate: 0 }), epochs: 2 },
      { optimizer: bfgs({ gradientTolerance: 1e-9 }), epochs: 100 },
    ],
  })
  t.is(trainer.epochs, 202)
  const history = await trainer.fit(set)
  t.true(history.completed)
  t.true(history.converged)
  const phases = history.epochs.map(({ phase }) => phase)
  t.deepEqual([...new Set(phases)], [0, 1, 2])
  t.is(phases.filter((phase) => phase === 1).length, 2)
  t.true(phases.length < 60)

  // Another fit looks once more, and finds the same.
  const weights = network.parameters.join()
  const again = await trainer.fit(set)
  t.true(again.converged)
  t.is(again.epochs.length, 1)
  t.is(network.parameters.join(), weights)
  t.is((await trainer.partialFit(set)).phase, 2)
  // Other rows are another problem.
  const other = new Dataset(randomRows(40, 4, 7), randomRows(40, 1, 8))
  t.true((await trainer.fit(other)).epochs.length > 1)
})

test('a fit that converges in its last epoch has converged', async (t) => {
  const run = (epochs: number) => {
    const { network, set } = regression()
    return new Trainer(network, { loss: 'meanSquaredError', optimizer: 'lbfgs', epochs }).fit(set)
  }
  const { epochs, converged } = await run(1000)
  t.true(converged)
  t.true((await run(epochs.length)).converged)
  t.false((await run(epochs.length - 1)).converged)
})

test('a phase that converged is over in the next fit, too', async (t) => {
  const { network, set } = regression()
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: [
      { optimizer: lbfgs(), epochs: 500 },
      { optimizer: sgd({ learningRate: 0 }), epochs: 1 },
    ],
  })
  let last = 0
  let switches = 0
  for (let i = 0; i < 60; i++) {
    const { phase } = await trainer.partialFit(set)
    if (phase !== last) switches++
    last = phase
  }
  t.deepEqual([last, switches], [1, 1])
})

test('stopping, breaking and aborting work in a quasi-Newton phase', async (t) => {
  const optimizer = [
    { optimizer: 'adam', epochs: 2 },
    { optimizer: lbfgs({ gradientTolerance: 0 }), epochs: 5 },
  ] as const

  const left = makeTrainer({ optimizer })
  let seen = 0
  for await (const { phase } of left.fit(data, { epochs: forever })) {
    seen += phase
    if (seen === 3) break
  }
  t.is(seen, 3)
  t.false(left.network.isTraining)

  const stopped = makeTrainer({ optimizer })
  const reference = makeTrainer({ optimizer })
  const { epochs, completed } = await stopped.fit(data, {
    epochs: forever,
    callbacks: [
      {
        onEpochEnd({ epoch }, fit) {
          if (epoch === 4) fit.stop()
        },
      },
    ],
  })
  t.is(epochs.length, 4)
  t.false(completed)
  await reference.fit(data, { epochs: 4 })
  t.deepEqual(stopped.network.parameters, reference.network.parameters)

  const aborted = makeTrainer({ optimizer })
  const controller = new AbortController()
  const reason = new Error('the reason')
  const fit = aborted.fit(data, {
    epochs: forever,
    signal: controller.signal,
    callbacks: [
      {
        onEpochEnd({ epoch }) {
          if (epoch === 4) controller.abort(reason)
        },
      },
    ],
  })
  t.is(await caught(fit), reason)
  t.deepEqual(aborted.network.parameters, reference.network.parameters)
  await Promise.all([aborted.fit(data), reference.fit(data)])
  t.deepEqual(aborted.network.parameters, reference.network.parameters)
})

test('a signal interrupts an iteration, and leaves the point where it began', async (t) => {
  // Labels that say nothing about the rows keep the method busy for much longer than this test.
  const large = new Dataset(
    randomRows(4000, 30),
    Int32Array.from({ length: 4000 }, (_, row) => row % 5),
  )
  const network = new Network({
    inputs: 30,
    layers: [dense(200, 'tanh'), dense(5, 'softmax')],
    dtype: 'float64',
  })
  const trainer = new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: lbfgs({ gradientTolerance: 0 }),
  })
  const fit = trainer.fit(large, { epochs: forever, signal: AbortSignal.timeout(50) })
  t.is(((await caught(fit)) as DOMException).name, 'TimeoutError')
  t.true(network.parameters.every(Number.isFinite))
  t.false(network.isTraining)
})

test('early stopping and the best weights work in a quasi-Newton phase', async (t) => {
  const trainer = makeTrainer({
    optimizer: [
      { optimizer: 'adam', epochs: 2 },
      { optimizer: lbfgs({ gradientTolerance: 0 }), epochs: 5 },
    ],
    l2: 0,
  })
  const kept: string[] = []
  const { epochs, completed } = await trainer.fit(data, {
    epochs: 500,
    validation: { dev },
    callbacks: [
      { onEpochEnd: (_, fit) => void kept.push(fit.network.parameters.join()) },
      earlyStopping({ monitor: 'validation.dev.loss', patience: 5, restoreBest: true }),
      reduceOnPlateau({ patience: 1 }), // nothing to reduce
    ],
  })
  t.false(completed)
  t.is(epochs.at(-1)?.phase, 1)
  const own = epochs.map(({ validation }) => validation.dev.loss)
  const best = own.indexOf(Math.min(...own))
  t.is(best, epochs.length - 6)
  t.is(kept[best], trainer.network.parameters.join())
})

test('a rate function is that of the phase that asks', async (t) => {
  const asked: string[] = []
  const rate = (name: string, value: number) => (at: { epoch: number; step: number }) => {
    asked.push(`${name} ${at.epoch}.${at.step}`)
    return value
  }
  const optimizer = [
    { optimizer: sgd({ learningRate: rate('a', 0.1) }), epochs: 1, batchSize: 30 },
    { optimizer: lbfgs(), epochs: 1 },
    { optimizer: sgd({ learningRate: rate('b', 0.2) }), epochs: 1, batchSize: 60 },
  ]
  const trainer = makeTrainer({ optimizer })
  const { epochs } = await trainer.fit(data)
  await trainer.fit(data, { epochs: 1 })
  t.deepEqual(asked, ['a 0.0', 'a 0.1', 'b 0.0', 'b 1.1'])
  t.deepEqual(
    epochs.map(({ learningRate }) => learningRate),
    [0.1, 0, 0.2],
  )
})

test('a quasi-Newton phase after averaged weights shows its own', async (t) => {
  const trainer = makeTrainer({
    optimizer: [
      { optimizer: 'adam', epochs: 3 },
      { optimizer: 'lbfgs', epochs: 6 },
    ],
    averageMomentum: 0.9,
  })
  await trainer.fit(data, { epochs: 3 })
  for (let i = 0; i < 6; i++) {
    const report = await trainer.partialFit(data)
    t.true(Math.abs(report.loss - (await trainer.evaluate(data)).loss) < 1e-12)
  }
})

test('frozen layers stay in a quasi-Newton phase, and may learn again', async (t) => {
  for (const optimizer of [lbfgs(), bfgs()]) {
    const layers = [dense(5, { activation: 'tanh', trainable: false }), dense(3, 'softmax')]
    const trainer = makeTrainer({ optimizer }, layers)
    const [first, second] = trainer.network.layers
    if (first === undefined || second === undefined) return t.fail()
    const weights = (layer: typeof first) => layer.kernel.data.join()
    const [one, two] = [weights(first), weights(second)]
    const before = (await trainer.fit(data, { epochs: 5 })).epochs
    t.is(weights(first), one)
    t.not(weights(second), two)

    first.trainable = true
    const after = (await trainer.fit(data, { epochs: 5 })).epochs
    t.not(weights(first), one)
    t.true((after.at(-1)?.loss ?? NaN) < (before.at(-1)?.loss ?? NaN))

    second.trainable = false
    const three = weights(second)
    const last = (await trainer.fit(data, { epochs: 5 })).epochs
    t.is(weights(second), three)
    t.true((last.at(-1)?.loss ?? NaN) < (after.at(-1)?.loss ?? NaN))
  }
})

test('a loss that is not finite in a quasi-Newton phase is named', async (t) => {
  const rows = randomRows(6, 2).data
  rows[2 * 2] = 1e300 // beyond float32
  const set = new Dataset({ data: rows, shape: [6, 2] }, [0, 1, 0, 1, 0, 1])
  for (const name of ['lbfgs', 'bfgs', 'levenbergMarquardt'] as const) {
    const network = new Network({ inputs: 2, layers: [dense(3, 'relu'), dense(2)] })
    const trainer = new Trainer(network, {
      loss: 'meanSquaredError',
      optimizer: [
        { optimizer: sgd({ learningRate: 0.1 }), epochs: 2 },
        { optimizer: name, epochs: 3 },
      ],
    })
    await trainer.fit(set.slice(3, 6), { epochs: 2 })
    const before = network.parameters.join()
    const error = await caught(trainer.fit(set.slice(1, 6)))
    t.like(error, { code: 'ERR_NON_FINITE_LOSS', epoch: 3, batch: 1, layer: 0, row: 1 }, name)
    t.is(network.parameters.join(), before, name)
    t.false(network.isTraining)
    t.true((await trainer.fit(set.slice(3, 6))).completed)
  }
})

test('costs that a quasi-Newton method cannot have are refused', async (t) => {
  const make = (name: OptimizerName, layers: LayerDescription[], options = {}) =>
    new Trainer(new Network({ inputs: 4, layers }), {
      loss: 'meanSquaredError',
      optimizer: [
        { optimizer: 'adam', epochs: 1 },
        { optimizer: name, epochs: 1 },
      ],
      ...options,
    })
  for (const name of ['lbfgs', 'bfgs', 'levenbergMarquardt'] as const) {
    for (const layer of [dropout(0.5), gaussianNoise(0.1), batchNorm()])
      t.throws(() => make(name, [dense(3), layer, dense(1)]), {
        instanceOf: RangeError,
        message: `\`${name}\` needs a cost that depends on weights and rows only: it cannot train with ${layer.type}`,
      })
    const frozen = make(name, [dense(3), batchNorm({ trainable: false }), dense(1)])
    const set = new Dataset(randomRows(9, 4), randomRows(9, 1))
    t.true((await frozen.fit(set)).completed)
    const norm = frozen.network.layers[1]
    if (norm === undefined) return t.fail()
    norm.trainable = true
    t.throws(() => frozen.fit(set), {
      instanceOf: RangeError,
      message: /cannot train with batchNorm/,
    })
  }

  const layers = [dense(3, 'tanh'), activation('linear'), dense(1)]
  for (const [loss, shown] of [
    ['meanAbsoluteError', '`meanAbsoluteError`'],
    [() => ({ value: 0, gradient: [] }), 'a loss of your own'],
  ] as const)
    t.throws(() => make('levenbergMarquardt', layers, { loss }), {
      instanceOf: RangeError,
      message: `\`levenbergMarquardt\` needs a squared error, got ${shown}`,
    })
  const penalties = {
    instanceOf: RangeError,
    message: "`levenbergMarquardt` takes L2 penalties of weights, but neither L1 nor activity's",
  }
  t.throws(() => make('levenbergMarquardt', layers, { l1: 0.1 }), penalties)
  for (const own of [{ l1: 0.1 }, { biasL1: 0.1 }, { activityL1: 0.1 }, { activityL2: 0.1 }])
    t.throws(
      () => make('levenbergMarquardt', [dense(3, { activation: 'tanh', ...own }), dense(1)]),
      penalties,
    )
  t.notThrows(() =>
    make('levenbergMarquardt', [dense(3, { activation: 'tanh', l1: 0 }), dense(1, { l1: 0 })], {
      l1: 0.1,
    }),
  )
})

test('more parameters than a matrix of their square has room for are refused', async (t) => {
  const make = (optimizer: TrainerOptions['optimizer'], units: number) =>
    new Trainer(new Network({ inputs: 99, layers: [dense(units)] }), {
      loss: 'meanSquaredError',
      optimizer,
    })
  t.throws(() => make('bfgs', 101), {
    instanceOf: RangeError,
    message:
      '`bfgs` learns 10000 parameters at most, whose square it has in memory; the network has 10100. `lbfgs` has no such limit',
  })
  t.throws(() => make(levenbergMarquardt(), 51), {
    instanceOf: RangeError,
    message: /^`levenbergMarquardt` learns 5000 parameters at most/,
  })
  t.notThrows(() => make('levenbergMarquardt', 50))
  t.notThrows(() => make('lbfgs', 101))

  // Layers that are frozen do not count, until they learn again.
  const network = new Network({
    inputs: 100,
    layers: [dense(100, { activation: 'tanh', trainable: false }), dense(2)],
  })
  const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'bfgs' })
  const set = new Dataset(randomRows(5, 100), randomRows(5, 2))
  t.is((await trainer.fit(set)).epochs.length, 1)
  const [first] = network.layers
  if (first === undefined) return t.fail()
  first.trainable = true
  t.throws(() => trainer.fit(set), { instanceOf: RangeError, message: /the network has 10302/ })
  t.false(network.isTraining)
})

test('wrong phases are named', (t) => {
  const cases: [unknown, string, 'Range' | 'Type'][] = [
    [[], 'Expected `optimizer` to be an optimizer, or phases of them, got `Array(0)`', 'Type'],
    [
      ['adam'],
      "Expected `optimizer[0]` to be a phase, such as { optimizer: adam(), epochs: 10 }, got `'adam'`",
      'Type',
    ],
    [
      [{ optimizer: 'adam' }],
      'Expected `optimizer[0].epochs` to be a positive integer, got `undefined`',
      'Type',
    ],
    [
      [
        { optimizer: 'adam', epochs: 1 },
        { optimizer: 'adam', epochs: 0 },
      ],
      'Expected `optimizer[1].epochs` to be a positive integer, got `0`',
      'Range',
    ],
    [
      [{ optimizer: 'adam', epochs: 1, batchSize: 0 }],
      'Expected `optimizer[0].batchSize` to be a positive integer, got `0`',
      'Range',
    ],
    [
      [{ optimizer: 'adam', epochs: 1, batchsize: 1 }],
      'Unknown option `batchsize` for `phase`; did you mean `batchSize`?',
      'Type',
    ],
    [
      [{ optimizer: 'adamm', epochs: 1 }],
      'Unknown optimizer `adamm`; did you mean `adam`?',
      'Range',
    ],
  ]
  for (const [optimizer, message, kind] of cases)
    t.throws(() => makeTrainer({ optimizer } as object), {
      instanceOf: kind === 'Range' ? RangeError : TypeError,
      message,
    })
})
