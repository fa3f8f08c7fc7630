import test from 'ava'
import { setImmediate as turn } from 'node:timers/promises'
import type {
  CustomLoss,
  DType,
  FloatArray,
  LayerDescription,
  LearningRateFunction,
  LossBatch,
  TrainerOptions,
} from '../lib/index.js'
import {
  adam,
  cosineDecay,
  Dataset,
  dense,
  dropout,
  exponentialDecay,
  Network,
  sgd,
  stepDecay,
  Trainer,
} from '../lib/index.js'
import { distance, numbersOf, rounding } from './helpers/compare.js'
import { randomMatrix } from './helpers/random.js'

// Functions of the user's own: losses and learning rates.

const classes = 3
const features = randomMatrix(50, 4, 1, -1, 1)
const labels = features.map(([a = 0, b = 0], row) => (a > 0.2 ? 0 : b > 0 ? 1 : row % 3))
const targets = randomMatrix(50, classes, 2)
const data = new Dataset(features, targets)
const labelled = new Dataset(features, labels, { classes })

type Options = Partial<TrainerOptions<'meanAbsoluteError'>>
const makeNetwork = (
  output: LayerDescription = dense(classes, 'sigmoid'),
  dtype: DType = 'float64',
) =>
  new Network<DType>({
    inputs: 4,
    layers: [dense(6, 'tanh'), dropout(0.2), output],
    dtype,
    seed: 2,
  })
const makeTrainer = (options: Options, network: Network<DType> = makeNetwork()) =>
  new Trainer<'meanAbsoluteError'>(network, {
    loss: 'meanSquaredError',
    optimizer: adam({ learningRate: 0.02 }),
    batchSize: 8,
    epochs: 3,
    metrics: ['meanAbsoluteError'],
    ...options,
  })

const weightOf = ({ sampleWeights }: LossBatch, row: number) => sampleWeights?.[row] ?? 1

/** meanSquaredError, as a user writes it. */
const squaredError: CustomLoss = (batch) => {
  const { data: outputs, shape } = batch.outputs
  const wanted = batch.targets?.data ?? []
  const size = shape[0] * shape[1]
  let value = 0
  const gradient = outputs.map((output, i) => {
    const error = output - (wanted[i] ?? NaN)
    const weight = weightOf(batch, Math.floor(i / shape[1]))
    value += (weight * error * error) / size
    return (2 * weight * error) / size
  })
  return { value, gradient }
}

/** categoricalCrossentropy of labels. */
const crossentropy: CustomLoss = (batch) => {
  const { data: outputs, shape } = batch.outputs
  const [rows, columns] = shape
  const gradient = new Array<number>(rows * columns).fill(0)
  let value = 0
  batch.labels?.forEach((label, row) => {
    const place = row * columns + label
    const probability = outputs[place] ?? NaN
    const weight = weightOf(batch, row)
    value -= (weight * Math.log(probability)) / rows
    gradient[place] = -weight / probability / rows
  })
  return { value, gradient }
}

/** All that a training shows. */
async function train(set: Dataset, options: Options, network = makeNetwork()) {
  const trainer = makeTrainer(options, network)
  const batches: unknown[] = []
  const history = await trainer.fit(set, {
    validation: { one: set, half: set.slice(0, 25) },
    evaluateTrain: true,
    callbacks: [{ onBatchEnd: (report) => void batches.push(report) }],
  })
  const scores = await trainer.evaluate(set)
  return numbersOf([history, batches, scores, network.parameters])
}

const sampleWeights = features.map((_, row) => row % 4)
const settings: Record<string, Options> = {
  plain: {},
  accumulation: { batchSize: 3, accumulate: 5 },
  'scikit-learn’s conventions': { conventions: 'sklearn', l2: 0.1 },
  'a mean over weights': { meanOver: 'weights' },
  'penalties and clipping': { l1: 0.001, l2: 0.01, clipGlobalNorm: 0.1 },
  'averages of weights': { averageMomentum: 0.5 },
  'one batch': { batchSize: 50 },
}
for (const [name, options] of Object.entries(settings))
  test(`a loss of one’s own trains as the one by name: ${name}`, async (t) => {
    // sumOutputs is scikit-learn's default.
    const loss = { name: 'meanSquaredError', sumOutputs: false, halved: false } as const
    t.true(
      distance(
        await train(data, { ...options, loss: squaredError }),
        await train(data, { ...options, loss }),
      ) < rounding,
    )
    const softmax = () => makeNetwork(dense(classes, 'softmax'))
    t.true(
      distance(
        await train(labelled, { ...options, loss: crossentropy }, softmax()),
        await train(labelled, { ...options, loss: 'categoricalCrossentropy' }, softmax()),
      ) < 1e-11,
    )
  })

test('a loss of one’s own sees sample weights, in training times class weights', async (t) => {
  const weighted = new Dataset(features, targets, { sampleWeights })
  t.true(
    distance(await train(weighted, { loss: squaredError }), await train(weighted, {})) < rounding,
  )
  const softmax = () => makeNetwork(dense(classes, 'softmax'))
  const both = new Dataset(features, labels, { classes, sampleWeights })
  const options = { classWeights: [1, 2, 0.5] }
  t.true(
    distance(
      await train(both, { ...options, loss: crossentropy }, softmax()),
      await train(both, { ...options, loss: 'categoricalCrossentropy' }, softmax()),
    ) < 1e-11,
  )
})

test('a mean over rows stays what a loss of one’s own gives, whatever rows weigh', async (t) => {
  const weighted = new Dataset(features, targets, { sampleWeights })
  const one = await train(weighted, { loss: squaredError, meanOver: 'weights' })
  t.deepEqual(one, await train(weighted, { loss: squaredError, meanOver: 'rows' }))
})

test('lbfgs takes a loss of one’s own', async (t) => {
  const network = () =>
    new Network<DType>({ inputs: 4, layers: [dense(5, 'tanh'), dense(classes)], dtype: 'float64' })
  const options = { optimizer: 'lbfgs', epochs: 6, l2: 0.001 } as const
  const one = await train(data, { ...options, loss: squaredError }, network())
  t.true(distance(one, await train(data, options, network())) < 1e-9)
})

test('a loss of one’s own gets rows in the network’s type, with labels or targets', async (t) => {
  const seen: LossBatch[] = []
  const loss: CustomLoss = (batch) => {
    seen.push(batch)
    return { value: 0, gradient: new Float32Array(batch.outputs.data.length) }
  }
  const options = { loss, shuffle: false, epochs: 1, batchSize: 20, metrics: [] }
  await makeTrainer(options, makeNetwork(undefined, 'float32')).fit(data)
  t.deepEqual(
    seen.map(({ outputs }) => outputs.shape),
    [
      [20, 3],
      [20, 3],
      [10, 3],
    ],
  )
  t.true(seen[0]?.outputs.data instanceof Float32Array)
  t.deepEqual(seen[0]?.targets?.data, Float32Array.from(targets.slice(0, 20).flat()) as FloatArray)
  t.is(seen[0]?.labels, undefined)
  t.is(seen[0]?.sampleWeights, undefined)
  await makeTrainer(options).fit(labelled)
  t.deepEqual(seen[3]?.labels, Int32Array.from(labels.slice(0, 20)))
  t.is(seen[3]?.targets, undefined)
  t.true(seen[3]?.outputs.data instanceof Float64Array)
})

const zero = (batch: LossBatch) => ({ value: 0, gradient: batch.outputs.data.map(() => 0) })
const badLosses: Record<string, readonly [(batch: LossBatch) => unknown, RegExp]> = {
  'an error': [
    () => {
      throw new TypeError('mine')
    },
    /^mine$/,
  ],
  nothing: [
    () => undefined,
    /^Expected `loss\(batch\)` to be an object with `value` and `gradient`/,
  ],
  'a promise': [
    (batch) => Promise.resolve(zero(batch)),
    /^Expected `loss\(batch\)` to be an object/,
  ],
  'a value that is no number': [
    (batch) => ({ ...zero(batch), value: '1' }),
    /^Expected `loss\(batch\)\.value` to be a number/,
  ],
  'a gradient that is no array': [
    () => ({ value: 0, gradient: 1 }),
    /^Expected `loss\(batch\)\.gradient` to be an array of numbers/,
  ],
  'a gradient of another length': [
    () => ({ value: 0, gradient: [1] }),
    /^Expected `loss\(batch\)\.gradient` to be as long as the outputs, 24, got `1`/,
  ],
}
for (const [what, [loss, message]] of Object.entries(badLosses))
  test(`a loss of one’s own that gives ${what} rejects the fit, and the network stays usable`, async (t) => {
    const network = makeNetwork()
    const before = [...network.parameters]
    const trainer = makeTrainer({ loss: loss as CustomLoss }, network)
    const error = await t.throwsAsync(async () => trainer.fit(data))
    t.true(error instanceof TypeError || error instanceof RangeError)
    t.regex(error.message, message)
    t.false(network.isTraining)
    t.deepEqual([...network.parameters], before)
    await t.throwsAsync(trainer.evaluate(data))
    const { completed } = await makeTrainer({}, network).fit(data)
    t.true(completed)
  })

test('a loss of one’s own that fails later leaves the steps before it', async (t) => {
  let calls = 0
  const loss: CustomLoss = (batch) => {
    if (++calls === 3) throw new Error('third')
    return squaredError(batch)
  }
  const options = { shuffle: false, epochs: 1 }
  const failing = makeTrainer({ ...options, loss })
  await t.throwsAsync(async () => failing.fit(data), { message: 'third' })
  t.is(calls, 3)
  const shorter = makeTrainer({ ...options, loss: squaredError })
  await shorter.fit(data.slice(0, 16)) // the first two batches
  t.deepEqual(failing.network.parameters, shorter.network.parameters)
})

test('a loss of one’s own that is not finite is ERR_NON_FINITE_LOSS', async (t) => {
  for (const value of [NaN, Infinity]) {
    const trainer = makeTrainer({ loss: (batch) => ({ ...zero(batch), value }) })
    const before = [...trainer.network.parameters]
    await t.throwsAsync(async () => trainer.fit(data), { code: 'ERR_NON_FINITE_LOSS' })
    t.deepEqual([...trainer.network.parameters], before)
  }
  const trainer = makeTrainer({
    loss: ({ outputs }) => ({ value: 0, gradient: outputs.data.map(() => NaN) }),
  })
  await t.throwsAsync(async () => trainer.fit(data), { code: 'ERR_NON_FINITE_LOSS' })
  t.true(trainer.network.parameters.every(Number.isFinite))
})

test('a fit that is stopped or aborted while it asks for a loss or a rate settles', async (t) => {
  for (const kind of ['loss', 'rate'] as const)
    for (const when of ['inside', 'outside'] as const) {
      const controller = new AbortController()
      const reason = new Error('enough')
      let calls = 0
      const asked = () => {
        if (++calls === 5 && when === 'inside') controller.abort(reason)
      }
      const trainer = makeTrainer(
        kind === 'loss'
          ? { loss: (batch) => (asked(), squaredError(batch)) }
          : { optimizer: sgd({ learningRate: () => (asked(), 0.01) }) },
      )
      const fit = trainer.fit(data, { epochs: 1e6, signal: controller.signal })
      if (when === 'outside') {
        while (calls < 5) await turn()
        controller.abort(reason)
      }
      t.is(await t.throwsAsync(async () => fit), reason)
      t.false(trainer.network.isTraining)
      t.true(trainer.network.parameters.every(Number.isFinite))
      const again = trainer.fit(data, { epochs: 1e6 })
      await turn()
      again.stop()
      t.false((await again).completed)
    }
})

// Learning rates

const schedules: Record<string, readonly [LearningRateFunction, Options['optimizer'] & object]> = {
  'a number': [() => 0.02, sgd({ learningRate: 0.02 })],
  'by steps': [
    ({ step }) => 0.1 * 0.5 ** (step / 10),
    sgd({ learningRate: exponentialDecay(0.1, { factor: 0.5, every: 10 }) }),
  ],
  'by epochs': [
    ({ epoch }) => 0.1 * 0.5 ** Math.floor(epoch / 2),
    sgd({ learningRate: stepDecay(0.1, { factor: 0.5, every: 2 }) }),
  ],
  'a cosine': [
    ({ step }) => (0.1 * (1 + Math.cos((Math.PI * Math.min(step, 15)) / 15))) / 2,
    sgd({ learningRate: cosineDecay(0.1, { steps: 15 }) }),
  ],
}
for (const [name, [learningRate, optimizer]] of Object.entries(schedules))
  test(`a function is the schedule of the same formula: ${name}`, async (t) => {
    const one = await train(data, { optimizer: sgd({ learningRate }) })
    t.true(distance(one, await train(data, { optimizer })) < rounding)
  })

test('each phase asks its own function, counting from its own beginning', async (t) => {
  const asked: string[] = []
  const phase = (name: string, rate: number) => ({
    optimizer: sgd({
      learningRate: ({ epoch, step }) => {
        asked.push(`${name} ${epoch} ${step}`)
        return rate
      },
    }),
    epochs: 2,
    batchSize: 25,
  })
  for (const counts of [[4], [1, 1, 1, 1], [3, 1]]) {
    asked.length = 0
    const trainer = makeTrainer({ optimizer: [phase('a', 0.1), phase('b', 0.2)] })
    const rates: number[] = []
    for (const epochs of counts)
      for (const report of (await trainer.fit(data, { epochs })).epochs)
        rates.push(report.learningRate)
    t.deepEqual(rates, [0.1, 0.1, 0.2, 0.2])
    t.deepEqual(asked, ['a 0 0', 'a 0 1', 'a 1 2', 'a 1 3', 'b 0 0', 'b 0 1', 'b 1 2', 'b 1 3'])
  }
})

const badRates: Record<string, unknown> = {
  'a negative number': -0.1,
  NaN: NaN,
  infinity: Infinity,
  text: '0.1',
  nothing: undefined,
  'a promise': Promise.resolve(0.1),
}
for (const [what, rate] of Object.entries(badRates))
  test(`a learning rate that is ${what} rejects the fit with one clear error`, async (t) => {
    const learningRate = ({ step }: { step: number }) => (step === 3 ? rate : 0.1) as number
    for (const callbacks of [[], [{ onEpochEnd: () => undefined }]]) {
      const trainer = makeTrainer({ optimizer: sgd({ learningRate }) })
      const error = await t.throwsAsync(async () => trainer.fit(data, { callbacks }))
      t.true(error instanceof TypeError || error instanceof RangeError)
      t.regex(error.message, /^Expected `learningRate` to be a non-negative number, got /)
      t.false(trainer.network.isTraining)
      const other = makeTrainer({ optimizer: 'sgd' }, trainer.network)
      t.true((await other.fit(data)).completed)
    }
  })

test('a learning rate that throws rejects the fit with what it throws', async (t) => {
  const reason = new Error('mine')
  const learningRate = () => {
    throw reason
  }
  const trainer = makeTrainer({ optimizer: sgd({ learningRate }) })
  t.is(await t.throwsAsync(async () => trainer.fit(data)), reason)
})
