// Over 400 lines: every equality that training promises, one test each.

import test from 'ava'
import type {
  BatchReport,
  DType,
  LayerDescription,
  MetricName,
  OptimizerName,
  TrainerOptions,
} from '../lib/index.js'
import {
  activation,
  adam,
  adamw,
  batchNorm,
  constant,
  cosineDecay,
  Dataset,
  dense,
  dropout,
  exponentialDecay,
  gaussianNoise,
  layerNorm,
  lbfgs,
  Network,
  reduceOnPlateau,
  rprop,
  sgd,
  stepDecay,
  Trainer,
  warmup,
} from '../lib/index.js'
import { losses, metrics, optimizers, quasiNewton } from '../lib/options/index.js'
import { distance, numbersOf, rounding } from './helpers/compare.js'
import { randomMatrix } from './helpers/random.js'

const inputs = 5
const classes = 3
const rows = 24
const features = randomMatrix(rows, inputs, 1, -1, 1)
const labels = features.map(([a = 0, b = 0], row) => (a > 0.2 ? 0 : b > 0 ? 1 : row % 3))
/** Probabilities: good for every loss. */
const targets = randomMatrix(rows, classes, 2, 0.1, 1).map((row) => {
  const sum = row.reduce((a, b) => a + b)
  return row.map((value) => value / sum)
})
const data = new Dataset(features, labels, { classes })
const denseData = new Dataset(features, targets)

const plainLayers = [dense(7, 'tanh'), dense(classes, 'softmax')]
const randomLayers = [
  gaussianNoise(0.1),
  dense(9, 'tanh'),
  dropout(0.3),
  layerNorm(),
  dense(classes, 'softmax'),
]
const makeNetwork = (layers: readonly LayerDescription[] = plainLayers, columns = inputs) =>
  new Network({ inputs: columns, layers, dtype: 'float64', seed: 3 })

type Options = Partial<TrainerOptions<MetricName>>
const makeTrainer = (network: Network<DType>, options: Options = {}) =>
  new Trainer<MetricName>(network, {
    loss: 'categoricalCrossentropy',
    optimizer: adam({ learningRate: 0.01 }),
    batchSize: 8,
    epochs: 3,
    ...options,
  })

/** Everything that a training shows. */
interface Shown {
  readonly reports: readonly number[]
  readonly parameters: readonly number[]
}

/** Trains a new network. */
async function train(
  set: Dataset,
  options: Options = {},
  layers: readonly LayerDescription[] = plainLayers,
  validation: Dataset = set,
): Promise<Shown> {
  const network = makeNetwork(layers)
  const trainer = makeTrainer(network, options)
  const { epochs } = await trainer.fit(set, { validation, evaluateTrain: true })
  const scores = await trainer.evaluate(validation)
  return {
    reports: numbersOf([epochs, scores]),
    parameters: [...network.parameters],
  }
}

const shown = (network: Network<DType>) => network.parameters
const bits = (network: Network<DType>) => Buffer.from(network.parameters.buffer).toString('hex')

// Sample weights. In each six rows they add up to eight, so that batches of six weighted rows, one
// of which weighs nothing, are batches of eight rows. A batch's penalty of outputs, and what batch
// normalization and random layers do, go by rows, whatever their weight.

const weights = features.map((_, row) => [1, 2, 0, 3, 1, 1][row % 6] ?? 0)
const repeated = Uint32Array.from(weights.flatMap((weight, row) => Array<number>(weight).fill(row)))

const weighted = (y: number[] | number[][]) =>
  new Dataset(features, y, { sampleWeights: weights, ...(typeof y[0] === 'number' && { classes }) })

/** The largest difference between training with weights and with repeated rows. */
async function weighting(
  y: number[] | number[][],
  options: Options,
  layers: readonly LayerDescription[] = plainLayers,
): Promise<number> {
  const once = new Dataset(features, y, typeof y[0] === 'number' ? { classes } : {})
  const common = { shuffle: false, meanOver: 'weights', ...options } as const
  return distance(
    await train(weighted(y), { ...common, batchSize: 6 }, layers),
    await train(once.subset(repeated), { ...common, batchSize: 8 }, layers),
  )
}

for (const loss of Object.keys(losses) as (keyof typeof losses)[])
  test(`a row that weighs k is that row k times, and none if k is 0: loss ${loss}`, async (t) => {
    for (const y of [labels, targets])
      for (const output of ['softmax', 'sigmoid'] as const)
        t.true(
          (await weighting(y, { loss: loss }, [dense(7, 'tanh'), dense(classes, output)])) <
            rounding,
        )
  })

for (const metric of Object.keys(metrics) as MetricName[])
  test(`a row that weighs k is that row k times, and none if k is 0: metric ${metric}`, async (t) => {
    const options = metric === 'topKAccuracy' ? { name: metric, k: 2 } : metric
    for (const y of [labels, targets])
      t.true((await weighting(y, { metrics: [options] })) < rounding)
  })

test('a sum needs no mean over weights: rows that weigh k are those rows k times', async (t) => {
  for (const meanOver of ['rows', 'weights'] as const)
    t.true((await weighting(targets, { loss: 'halfSquaredError', meanOver })) < rounding)
})

for (const conventions of ['keras', 'torch', 'sklearn'] as const)
  test(`penalties do not see how rows are weighted, with ${conventions} conventions`, async (t) => {
    const options = { conventions, l2: 0.02, ...(conventions !== 'sklearn' && { l1: 0.001 }) }
    t.true((await weighting(labels, options)) < rounding)
    t.true((await weighting(targets, { ...options, clipNorm: 0.1 })) < rounding)
  })

for (const optimizer of Object.keys(quasiNewton) as OptimizerName[])
  test(`${optimizer} takes a row that weighs k as that row k times`, async (t) => {
    const far = await weighting(targets, { loss: 'meanSquaredError', optimizer, l2: 0.01 }, [
      dense(4, 'tanh'),
      dense(classes),
    ])
    t.true(far < 1e-9, `${far}`) // three iterations of line searches
  })

test('class weights are sample weights by class', async (t) => {
  const classWeights = [2, 0.5, 3]
  const sampleWeights = labels.map((label) => classWeights[label] ?? NaN)
  const bySample = new Dataset(features, labels, { classes, sampleWeights })
  for (const meanOver of ['rows', 'weights'] as const)
    for (const optimizer of ['adam', 'lbfgs'] as const)
      for (const weightsByClass of [classWeights, { 0: 2, 1: 0.5, 2: 3 }])
        t.deepEqual(
          await train(
            data,
            { classWeights: weightsByClass, meanOver, optimizer },
            plainLayers,
            bySample,
          ).then(own),
          await train(bySample, { meanOver, optimizer }, plainLayers, bySample).then(own),
        )
  function own({ parameters }: Shown) {
    return parameters
  }
})

test('class weights multiply sample weights, in training only', async (t) => {
  const classWeights = [2, 0.5, 3]
  const product = weights.map((weight, row) => weight * (classWeights[labels[row] ?? 0] ?? NaN))
  const both = new Dataset(features, labels, { classes, sampleWeights: product })
  const byClass = makeTrainer(makeNetwork(), { classWeights })
  const bySample = makeTrainer(makeNetwork())
  const [one] = (await byClass.fit(weighted(labels), { validation: both, epochs: 1 })).epochs
  const [other] = (await bySample.fit(both, { validation: both, epochs: 1 })).epochs
  t.is(one?.loss, other?.loss)
  t.deepEqual(byClass.network.parameters, bySample.network.parameters)
  t.deepEqual(one?.validation, other?.validation)
  t.deepEqual(await byClass.evaluate(both), await bySample.evaluate(both))
})

test('levenbergMarquardt takes class weights as sample weights by class', async (t) => {
  const classWeights = [2, 0.5, 3]
  const sampleWeights = labels.map((label) => classWeights[label] ?? NaN)
  const bySample = new Dataset(features, labels, { classes, sampleWeights })
  const options = { loss: 'meanSquaredError', optimizer: 'levenbergMarquardt' } as const
  const layers = [dense(4, 'tanh'), dense(classes)]
  const one = await train(data, { ...options, classWeights }, layers)
  const other = await train(bySample, options, layers)
  t.true(distance(one.parameters, other.parameters) < rounding)
})

test('a batch in which no row weighs anything teaches nothing, and has no loss', async (t) => {
  const sampleWeights = labels.map((_, row) => (row < 8 ? 0 : 1))
  const set = new Dataset(features, labels, { classes, sampleWeights })
  for (const conventions of ['keras', 'torch', 'sklearn'] as const) {
    const options = { shuffle: false, meanOver: 'weights', optimizer: sgd(), conventions } as const
    const one = makeTrainer(makeNetwork(), options)
    const other = makeTrainer(makeNetwork(), options)
    const batches: BatchReport[] = []
    const { epochs } = await one.fit(set, {
      callbacks: [{ onBatchEnd: (report) => void batches.push(report) }],
      validation: set.slice(0, 8),
      epochs: 1,
    })
    const rest = await other.partialFit(set.slice(8))
    t.deepEqual(one.network.parameters, other.network.parameters)
    t.is(epochs[0]?.loss, rest.loss)
    t.is(epochs[0]?.validation.loss, 0)
    t.is(batches[0]?.loss, 0)
  }
})

// Accumulation. 108 rows are three batches of 32, then one of 12: one of 8 and one of 4.

const manyFeatures = randomMatrix(108, inputs, 4, -1, 1)
const many = new Dataset(
  manyFeatures,
  manyFeatures.map(([a = 0, b = 0], row) => (a > 0.2 ? 0 : b > 0 ? 1 : row % 3)),
  { classes, sampleWeights: manyFeatures.map(([a = 0]) => 1 + a) },
)

/** What both ways to take 32 rows an update show, batch by batch. */
async function accumulating(options: Options, layers: readonly LayerDescription[] = plainLayers) {
  const run = async (size: Options) => {
    const network = makeNetwork(layers)
    const trainer = makeTrainer(network, { metrics: ['accuracy', 'rocAuc'], ...options, ...size })
    const batches: BatchReport[] = []
    const { epochs } = await trainer.fit(many, {
      callbacks: [{ onBatchEnd: (report) => void batches.push(report) }],
    })
    return numbersOf([batches, epochs, network.parameters])
  }
  return [await run({ batchSize: 32 }), await run({ batchSize: 8, accumulate: 4 })] as const
}

const accumulations: Record<string, { options?: Options; layers?: LayerDescription[] }> = {
  'sgd with momentum': { options: { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) } },
  'a mean over weights': { options: { meanOver: 'weights' } },
  'class weights': { options: { classWeights: [1, 2, 3] } },
  'a sum': { options: { loss: 'halfSquaredError', optimizer: sgd({ learningRate: 0.001 }) } },
  'rows in their order': { options: { shuffle: false } },
  'penalties of weights': { options: { l1: 0.001, l2: 0.01 } },
  'scikit-learn’s penalty': { options: { l2: 0.01, conventions: 'sklearn' } },
  'penalties of outputs': {
    layers: [
      dense(7, { activation: 'tanh', activityL1: 0.01, activityL2: 0.02 }),
      dense(classes, 'softmax'),
    ],
  },
  'limits of columns': {
    layers: [dense(7, { activation: 'tanh', maxNorm: 0.7 }), dense(classes, 'softmax')],
  },
  'clipping by value': { options: { clipValue: 0.01, l2: 0.01 } },
  'clipping by tensor': { options: { clipNorm: 0.05, l2: 0.01 } },
  'clipping by all tensors': { options: { clipGlobalNorm: 0.1, l2: 0.01 } },
  'clipping before penalties': { options: { clipNorm: 0.1, l2: 0.01, conventions: 'torch' } },
  'random layers': { layers: randomLayers },
  'averages of weights': { options: { averageMomentum: 0.9 } },
  'a schedule by steps': {
    options: { optimizer: adam({ learningRate: cosineDecay(0.05, { steps: 9 }) }) },
  },
  'decoupled decay': { options: { optimizer: adamw({ weightDecay: 0.1 }) } },
}
for (const [name, { options = {}, layers = plainLayers }] of Object.entries(accumulations))
  test(`batches that add up are the batch they make: ${name}`, async (t) => {
    const [whole, parts] = await accumulating(options, layers)
    t.true(distance(whole, parts) < rounding, `${distance(whole, parts)}`)
  })

test('rows above 4096 add up by themselves', async (t) => {
  const big = randomMatrix(6000, inputs, 5, -1, 1)
  const set = new Dataset(
    big,
    big.map(([a = 0]) => Number(a > 0)),
    { classes },
  )
  const optimizer = sgd({ learningRate: 0.1 })
  const whole = await train(set, { optimizer, batchSize: 6000 }, randomLayers)
  const parts = await train(set, { optimizer, batchSize: 1000, accumulate: 6 }, randomLayers)
  t.true(distance(whole, parts) < rounding, `${distance(whole, parts)}`)
})

test('batch normalization takes each batch by itself, though its gradients add up', async (t) => {
  const layers = [batchNorm({ momentum: 0.9 }), dense(classes, 'softmax')]
  const set = many.slice(0, 32)
  const run = async (options: Options) => {
    const network = makeNetwork(layers)
    await makeTrainer(network, { shuffle: false, epochs: 1, ...options }).fit(set)
    return network
  }
  const parts = await run({ batchSize: 8, accumulate: 4 })
  const whole = await run({ batchSize: 32 })
  t.true(distance(parts.parameters, whole.parameters) > 1e-3)
  // One update, but the running statistics follow four batches.
  const steps = await run({ batchSize: 8 })
  t.deepEqual(parts.layers[0]?.movingMean, steps.layers[0]?.movingMean)
  t.deepEqual(parts.layers[0]?.movingVariance, steps.layers[0]?.movingVariance)
})

// One fit is as many as it is cut in.

/** Trains for `epochs` epochs in fits of so many each; what they show and the weights' bits. */
async function fits(
  counts: readonly number[],
  options: Options,
  layers: readonly LayerDescription[],
  set = data,
) {
  const network = makeNetwork(layers)
  const trainer = makeTrainer(network, options)
  const reports: unknown[] = []
  for (const count of counts)
    reports.push(
      ...(count === 1
        ? [await trainer.partialFit(set)]
        : (await trainer.fit(set, { epochs: count })).epochs),
    )
  return { reports: numbersOf(reports), bits: bits(network) }
}

const cuts = [
  [1, 1, 1, 1, 1],
  [2, 3],
  [3, 0, 2],
] as const

for (const optimizer of Object.keys(optimizers) as OptimizerName[])
  test(`fits go on where the last one ended, to the bit: ${optimizer}`, async (t) => {
    const given = optimizer === 'sgd' ? sgd({ momentum: 0.9, nesterov: true }) : optimizer
    const options: Options = {
      optimizer: given,
      clipGlobalNorm: 1,
      l2: 0.01,
      metrics: ['accuracy'],
    }
    const layers = [...randomLayers.slice(0, -1), batchNorm(), dense(classes, 'softmax')]
    const whole = await fits([5], options, layers)
    for (const cut of cuts) t.deepEqual(await fits(cut, options, layers), whole)
  })

for (const optimizer of Object.keys(quasiNewton) as OptimizerName[])
  test(`fits go on where the last one ended, to the bit: ${optimizer}`, async (t) => {
    const options: Options = { optimizer, loss: 'meanSquaredError', l2: 0.01 }
    const layers = [dense(4, 'tanh'), layerNorm(), dense(classes)]
    const whole = await fits([5], options, layers)
    for (const cut of cuts) t.deepEqual(await fits(cut, options, layers), whole)
  })

const continued: Record<string, Options> = {
  'a schedule by steps': {
    optimizer: adam({ learningRate: exponentialDecay(0.1, { every: 4, factor: 0.5 }) }),
  },
  'a schedule by epochs': { optimizer: adam({ learningRate: stepDecay(0.1, { every: 2 }) }) },
  'a schedule of both': {
    optimizer: sgd({
      learningRate: warmup(stepDecay(0.1, { every: 1, factor: 0.7 }), { steps: 4 }),
    }),
  },
  'a function': {
    optimizer: adam({ learningRate: ({ epoch, step }) => 0.1 / (1 + epoch + step) }),
  },
  accumulation: { batchSize: 3, accumulate: 4 },
  'averages of weights': { averageMomentum: 0.8 },
  phases: {
    optimizer: [
      { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), epochs: 2 },
      { optimizer: adam({ learningRate: stepDecay(0.1, { every: 1 }) }), epochs: 1, batchSize: 5 },
      {
        optimizer: adam({ learningRate: ({ epoch, step }) => 0.1 / (1 + epoch + step) }),
        epochs: 1,
      },
    ],
  },
  'phases with averages': {
    averageMomentum: 0.8,
    optimizer: [
      { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), epochs: 2 },
      { optimizer: 'adam', epochs: 3 },
    ],
  },
}
for (const [name, options] of Object.entries(continued))
  test(`fits go on where the last one ended, to the bit, with ${name}`, async (t) => {
    const whole = await fits([5], options, randomLayers)
    for (const cut of cuts) t.deepEqual(await fits(cut, options, randomLayers), whole)
  })

test('fits go on where the last one ended, to the bit: phases that end with lbfgs', async (t) => {
  const options: Options = {
    optimizer: [
      { optimizer: 'adam', epochs: 1 },
      { optimizer: lbfgs(), epochs: 2 },
      { optimizer: 'sgd', epochs: 1 },
      { optimizer: 'bfgs', epochs: 1 },
    ],
    averageMomentum: 0.8,
  }
  const whole = await fits([7], options, plainLayers)
  for (const cut of [
    [1, 1, 1, 1, 1, 1, 1],
    [2, 5],
    [3, 0, 4],
  ])
    t.deepEqual(await fits(cut, options, plainLayers), whole)
})

test('a phase that has converged does not begin anew in the next fit', async (t) => {
  // A linear problem: lbfgs is done long before its 500 epochs.
  const options: Options = {
    loss: 'meanSquaredError',
    optimizer: [
      { optimizer: lbfgs({ gradientTolerance: 1e-3 }), epochs: 500 },
      { optimizer: 'sgd', epochs: 1 },
    ],
  }
  const layers = [dense(classes)]
  const network = makeNetwork(layers)
  const { epochs } = await makeTrainer(network, options).fit(denseData, { epochs: 60 })
  t.is(epochs.at(-1)?.phase, 1)
  const converged = epochs.filter(({ phase }) => phase === 0).length
  t.true(converged < 50)
  for (const cut of [[converged, 60 - converged], Array<number>(60).fill(1)])
    t.is((await fits(cut, options, layers, denseData)).bits, bits(network))
})

test('a rate that was scaled stays scaled in the next fits', async (t) => {
  const run = async (counts: readonly number[]) => {
    const network = makeNetwork()
    const trainer = makeTrainer(network)
    const rates: number[] = []
    const scaling = {
      onEpochEnd: (
        { epoch }: { epoch: number },
        fit: { scaleLearningRate(factor: number): void },
      ) => {
        if (epoch === 2) fit.scaleLearningRate(0.5)
      },
    }
    for (const epochs of counts)
      for (const report of (await trainer.fit(data, { epochs, callbacks: [scaling] })).epochs)
        rates.push(report.learningRate)
    return { rates, bits: bits(network) }
  }
  const whole = await run([5])
  t.deepEqual(whole.rates, [0.01, 0.01, 0.005, 0.005, 0.005])
  for (const cut of cuts) t.deepEqual(await run(cut), whole)
})

test('reduceOnPlateau’s factor outlives its fit', async (t) => {
  const trainer = makeTrainer(makeNetwork())
  const callbacks = [reduceOnPlateau({ patience: 1, minDelta: 100, factor: 0.5 })]
  const { epochs } = await trainer.fit(data, { epochs: 3, callbacks })
  t.deepEqual(
    epochs.map(({ learningRate }) => learningRate),
    [0.01, 0.01, 0.005],
  )
  t.is((await trainer.partialFit(data)).learningRate, 0.0025)
})

test('averages are what the network shows, while training goes on from the weights', async (t) => {
  const raw = makeNetwork(randomLayers)
  const averaged = makeNetwork(randomLayers)
  const one = makeTrainer(raw, { batchSize: rows })
  const other = makeTrainer(averaged, { batchSize: rows, averageMomentum: 0.8 })
  let average: number[] | undefined
  for (let epoch = 0; epoch < 5; epoch++) {
    // Equal running losses: the weights that are trained are the same.
    t.is((await one.partialFit(data)).loss, (await other.partialFit(data)).loss)
    const now = [...raw.parameters]
    average = average?.map((value, i) => 0.8 * value + 0.2 * (now[i] ?? NaN)) ?? now
    t.true(distance(average, averaged.parameters) < rounding)
  }
  t.true(distance(raw.parameters, averaged.parameters) > 1e-4)
})

test('weights that are set are what training with averages goes on from', async (t) => {
  const network = makeNetwork()
  const trainer = makeTrainer(network, { averageMomentum: 0.8, optimizer: 'sgd' })
  await trainer.fit(data, { epochs: 3 })
  const start = makeNetwork().parameters
  network.parameters = start
  const fresh = makeNetwork()
  const other = makeTrainer(fresh, { averageMomentum: 0.8, optimizer: 'sgd', shuffle: false })
  const again = makeTrainer(network, { averageMomentum: 0.8, optimizer: 'sgd', shuffle: false })
  await other.fit(data, { epochs: 3 })
  await again.fit(data, { epochs: 3 })
  t.is(bits(network), bits(fresh))
  // The same Trainer as well: plain sgd remembers nothing else. (Another epoch is another order.)
  network.parameters = start
  await again.fit(data, { epochs: 3 })
  t.is(bits(network), bits(fresh))
  // Setting them to what they are is setting them: training goes on from the averages.
  await again.fit(data, { epochs: 1 })
  await other.fit(data, { epochs: 1 })
  t.is(bits(network), bits(fresh))
  network.parameters = shown(network)
  await again.fit(data, { epochs: 1 })
  await other.fit(data, { epochs: 1 })
  t.not(bits(network), bits(fresh))
})

test('a quasi-Newton phase shows its own weights, not averages of the phase before', async (t) => {
  const phases = [
    { optimizer: adam(), epochs: 2 },
    { optimizer: lbfgs(), epochs: 3 },
  ]
  const averaged = makeNetwork()
  const { epochs } = await makeTrainer(averaged, { optimizer: phases, averageMomentum: 0.9 }).fit(
    data,
    { epochs: 5, evaluateTrain: true },
  )
  const raw = makeNetwork()
  await makeTrainer(raw, { optimizer: phases }).fit(data, { epochs: 5 })
  t.is(bits(averaged), bits(raw))
  const last = epochs.at(-1)
  t.true(distance(last?.loss, last?.train?.loss) < rounding)
})

for (const optimizer of ['lbfgs', 'bfgs'] as const)
  test(`${optimizer} keeps its curvature while network and data are the same`, async (t) => {
    const evaluations = async (meddle: (network: Network<DType>) => Dataset) => {
      const network = makeNetwork()
      const trainer = makeTrainer(network, { optimizer })
      await trainer.fit(data, { epochs: 4 })
      const set = meddle(network)
      const [report] = (await trainer.fit(set, { epochs: 1 })).epochs
      return { report: numbersOf(report), bits: bits(network) }
    }
    const kept = await evaluations(() => data)
    const whole = makeNetwork()
    await makeTrainer(whole, { optimizer }).fit(data, { epochs: 5 })
    t.is(kept.bits, bits(whole))
    // It forgets them with weights that were set, even to the same values, and with other rows.
    const set = await evaluations((network) => {
      network.parameters = shown(network)
      return data
    })
    const other = await evaluations(() => data.slice())
    t.not(set.bits, kept.bits)
    t.is(other.bits, set.bits)
    // What it then does is what a new Trainer does.
    const fresh = makeNetwork()
    await makeTrainer(fresh, { optimizer }).fit(data, { epochs: 4 })
    await makeTrainer(fresh, { optimizer }).fit(data, { epochs: 1 })
    t.is(set.bits, bits(fresh))
  })

// Clipping

const limits = ['clipValue', 'clipNorm', 'clipGlobalNorm'] as const

for (const limit of limits)
  for (const conventions of ['keras', 'torch'] as const)
    test(`a ${limit} above every gradient changes nothing, with ${conventions} conventions`, async (t) => {
      for (const layers of [plainLayers, randomLayers]) {
        const options = { conventions, l1: 0.001, l2: 0.01, metrics: ['accuracy'] } as const
        const free = await train(data, options, layers)
        for (const large of [1e6, 1e300])
          t.true(
            distance(free, await train(data, { ...options, [limit]: large }, layers)) < rounding,
          )
      }
    })

const norm = (values: readonly number[]) => Math.hypot(...values)
/** What one step of gradient descent at rate 0.5 changes, tensor by tensor. */
async function change(options: Options): Promise<number[][]> {
  const network = makeNetwork()
  const tensors = () =>
    network.layers.flatMap(({ kernel, bias }) => [[...kernel.data], [...(bias ?? [])]])
  const before = tensors()
  await makeTrainer(network, {
    loss: 'halfSquaredError',
    optimizer: sgd({ learningRate: 0.5 }),
    batchSize: rows,
    epochs: 1,
    ...options,
  }).fit(data)
  return tensors().map((values, i) => values.map((value, k) => value - (before[i]?.[k] ?? NaN)))
}

test('clipped by its norm, each tensor moves by rate times limit', async (t) => {
  for (const tensor of await change({ clipNorm: 0.01 }))
    t.true(Math.abs(norm(tensor) - 0.005) < rounding)
})

test('clipped together, all tensors move by rate times limit, in the direction of their gradient', async (t) => {
  const free = (await change({})).flat()
  for (const [options, epsilon] of [
    [{ clipGlobalNorm: 0.01 }, 0],
    [{ clipNorm: 0.01, conventions: 'torch' }, 1e-6],
  ] as const) {
    const moved = (await change(options)).flat()
    const gradient = norm(free) / 0.5
    t.true(Math.abs(norm(moved) - (0.005 * gradient) / (gradient + epsilon)) < rounding)
    const along = moved.reduce((sum, value, i) => sum + value * (free[i] ?? NaN), 0)
    t.true(Math.abs(along / norm(free) / norm(moved) - 1) < rounding)
  }
})

test('PyTorch’s clipping divides by a little more than the norm also just below the limit', async (t) => {
  const free = (await change({ conventions: 'torch' })).flat()
  const gradient = norm(free) / 0.5
  for (const [limit, factor] of [
    [gradient + 0.5e-6, (gradient + 0.5e-6) / (gradient + 1e-6)],
    [gradient + 2e-6, 1],
  ] as const) {
    const moved = (await change({ conventions: 'torch', clipNorm: limit })).flat()
    t.true(
      distance(
        moved,
        free.map((value) => value * factor),
      ) < 1e-10,
    )
  }
})

test('clipped by value, each weight moves by rate times its gradient or the limit', async (t) => {
  const free = (await change({})).flat()
  const moved = (await change({ clipValue: 0.1 })).flat()
  const expected = free.map((value) => Math.sign(value) * Math.min(Math.abs(value), 0.05))
  t.true(
    free.some((value) => Math.abs(value) > 0.05) && free.some((value) => Math.abs(value) < 0.05),
  )
  t.true(distance(moved, expected) < rounding)
})

test('active clipping by norm does not see the scale of the loss', async (t) => {
  const scaled = (factor: number) =>
    new Dataset(features, labels, { classes, sampleWeights: labels.map(() => factor) })
  const options = { optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }) } as const
  for (const limit of ['clipNorm', 'clipGlobalNorm'] as const) {
    const one = await train(scaled(1), { ...options, [limit]: 1e-3 })
    const other = await train(scaled(1000), { ...options, [limit]: 1e-3 })
    t.true(distance(one.parameters, other.parameters) < rounding)
    const free = await train(scaled(1000), options)
    t.true(distance(one.parameters, free.parameters) > 1e-3)
  }
})

test('PyTorch’s clipping comes before penalties and decay, Keras’s after penalties', async (t) => {
  // With a limit near 0, what moves the weights is what was not clipped.
  const penalty = { l2: 0.1 } as const
  const torch = (await change({ ...penalty, conventions: 'torch', clipNorm: 1e-13 })).flat()
  const start = makeNetwork().parameters
  t.true(
    distance(
      torch,
      [...start].map((value) => -0.5 * 0.1 * value),
    ) < 1e-12,
  )
  const keras = (await change({ ...penalty, clipNorm: 1e-13 })).flat()
  t.true(norm(keras) < 1e-12)
  const optimizer = sgd({ learningRate: 0.5, weightDecay: 0.1 })
  const decayed = (await change({ optimizer, clipNorm: 1e-13 })).flat()
  t.true(
    distance(
      decayed,
      [...start].map((value) => -0.5 * 0.1 * value),
    ) < 1e-12,
  )
})

// Freezing

const frozenBelow = [
  dense(9, { activation: 'tanh', trainable: false, l2: 5 }),
  batchNorm({ trainable: false }),
  activation('relu'),
]
const above = [dense(6, 'tanh'), layerNorm(), dense(classes, 'softmax')]

/** A network of frozen layers and others, with running statistics that say something. */
function halfFrozen(layers: readonly LayerDescription[] = [...frozenBelow, ...above]) {
  const network = makeNetwork(layers)
  const frozen = network.layers[1]
  if (frozen?.type === 'batchNorm') {
    frozen.movingMean = randomMatrix(1, 9, 6, -1, 1).flat()
    frozen.movingVariance = randomMatrix(1, 9, 7, 0.5, 2).flat()
    frozen.gamma = randomMatrix(1, 9, 8, 0.5, 2).flat()
  }
  return network
}

for (const optimizer of [...Object.keys(optimizers), 'lbfgs', 'bfgs'] as OptimizerName[])
  test(`frozen layers are constants to those above them: ${optimizer}`, async (t) => {
    const network = halfFrozen()
    const lower = makeNetwork(frozenBelow)
    lower.parameters = network.parameters.slice(0, lower.parameterCount)
    const upper = makeNetwork(above, 9)
    upper.parameters = network.parameters.slice(lower.parameterCount)

    const ofSteps = optimizer in optimizers && { clipGlobalNorm: 0.5, averageMomentum: 0.7 }
    const options: Options = { optimizer, l2: 0.01, ...ofSteps }
    const inner = new Dataset(lower.predict(data), labels, { classes })
    const whole = await makeTrainer(network, options).fit(data, { validation: data })
    const part = await makeTrainer(upper, options).fit(inner, { validation: inner })
    t.deepEqual([...network.parameters.slice(0, lower.parameterCount)], [...lower.parameters])
    t.true(distance(network.parameters.slice(lower.parameterCount), upper.parameters) < 1e-11)
    t.true(distance(whole, part) < 1e-11) // the frozen kernel's penalty does not count
  })

test('levenbergMarquardt takes frozen layers as constants', async (t) => {
  const network = halfFrozen([...frozenBelow, dense(4, 'tanh'), dense(classes)])
  const lower = makeNetwork(frozenBelow)
  lower.parameters = network.parameters.slice(0, lower.parameterCount)
  const upper = makeNetwork([dense(4, 'tanh'), dense(classes)], 9)
  upper.parameters = network.parameters.slice(lower.parameterCount)
  const options: Options = { loss: 'meanSquaredError', optimizer: 'levenbergMarquardt' }
  await makeTrainer(network, options).fit(denseData)
  await makeTrainer(upper, options).fit(new Dataset(lower.predict(denseData), targets))
  t.true(distance(network.parameters.slice(lower.parameterCount), upper.parameters) < 1e-9)
})

for (const optimizer of Object.keys(optimizers) as OptimizerName[])
  test(`frozen layers anywhere keep their bits: ${optimizer}`, async (t) => {
    const network = makeNetwork([
      dense(8, 'tanh'),
      dense(8, { activation: 'tanh', maxNorm: 0.1 }),
      batchNorm(),
      layerNorm(),
      dense(classes, 'softmax'),
    ])
    const options: Options = { optimizer, l1: 0.01, l2: 0.01, averageMomentum: 0.7 }
    for (const frozen of [[0], [1, 2], [3, 4], [0, 2, 4]]) {
      network.layers.forEach((layer, i) => {
        layer.trainable = !frozen.includes(i)
      })
      const before = network.layers.map((_, i) => tensorsOf(network, i))
      await makeTrainer(network, options).fit(data)
      network.layers.forEach((_, i) => {
        if (frozen.includes(i)) t.deepEqual(tensorsOf(network, i), before[i])
        else t.notDeepEqual(tensorsOf(network, i), before[i])
      })
    }
  })

function tensorsOf(network: Network<DType>, index: number): number[][] {
  const layer = network.layers[index]
  return (layer?.tensorNames ?? []).map((name) => numbersOf(Reflect.get(layer ?? {}, name)).slice())
}

test('a layer may be frozen and thawed between the fits of one Trainer', async (t) => {
  for (const optimizer of ['adam', 'lbfgs', 'bfgs', 'levenbergMarquardt'] as const) {
    const network = makeNetwork([dense(30, 'tanh'), dense(20, 'tanh'), dense(classes)])
    for (const layer of network.layers.slice(0, 2)) layer.trainable = false
    const trainer = makeTrainer(network, { loss: 'meanSquaredError', optimizer })
    const one = (await trainer.fit(denseData, { epochs: 2 })).epochs.at(-1)
    for (const layer of network.layers) layer.trainable = true
    const before = network.parameters
    const two = (await trainer.fit(denseData, { epochs: 2 })).epochs.at(-1)
    t.true((two?.loss ?? NaN) < (one?.loss ?? NaN), optimizer)
    t.notDeepEqual(network.parameters.slice(0, 100), before.slice(0, 100))
    for (const layer of network.layers.slice(1)) layer.trainable = false
    const kept = tensorsOf(network, 1)
    await trainer.fit(denseData, { epochs: 2 })
    t.deepEqual(tensorsOf(network, 1), kept)
  }
})

test('a quasi-Newton method refuses a batch normalization thawed after its Trainer was made', (t) => {
  const network = makeNetwork([batchNorm({ trainable: false }), dense(classes, 'softmax')])
  const trainer = makeTrainer(network, { optimizer: 'lbfgs' })
  for (const layer of network.layers) layer.trainable = true
  t.throws(() => trainer.fit(data), { instanceOf: RangeError, message: /batchNorm/ })
})

test('a frozen batch normalization trains as it predicts', async (t) => {
  const network = halfFrozen([
    dense(9, 'tanh'),
    batchNorm({ trainable: false }),
    dense(classes, 'softmax'),
  ])
  const trainer = makeTrainer(network, { optimizer: sgd({ learningRate: 0 }) })
  const { epochs } = await trainer.fit(data, { epochs: 1, evaluateTrain: true })
  t.true(distance(epochs[0]?.loss, epochs[0]?.train?.loss) < rounding)
})

test('nothing to train is an error', (t) => {
  const network = makeNetwork()
  for (const layer of network.layers) layer.trainable = false
  t.throws(() => makeTrainer(network).fit(data), {
    instanceOf: RangeError,
    message: 'The network has no layer to train: all are frozen, or have no weights',
  })
})

test('clones keep what is frozen; a network that trains cannot be frozen', async (t) => {
  const network = makeNetwork()
  for (const layer of network.layers.slice(0, 1)) layer.trainable = false
  t.deepEqual(
    network.clone().layers.map(({ trainable }) => trainable),
    [false, true],
  )
  const fit = makeTrainer(network, { epochs: Number.MAX_SAFE_INTEGER }).fit(data)
  for (const layer of network.layers)
    t.throws(() => (layer.trainable = true), { code: 'ERR_NETWORK_BUSY' })
  fit.stop()
  await fit
  t.deepEqual(
    network.layers.map(({ trainable }) => trainable),
    [false, true],
  )
})

// A rate of zero. rprop's rate is the first of its steps only; they have a least size of their own.

for (const name of Object.keys(optimizers) as (keyof typeof optimizers)[])
  test(`with a rate of zero ${name} moves running statistics only`, async (t) => {
    if (name === 'rprop') {
      const network = makeNetwork()
      const before = network.parameters
      await makeTrainer(network, { optimizer: rprop({ learningRate: 0, minimumStep: 1e-6 }) }).fit(
        data,
      )
      const moved = network.parameters.map((value, i) => Math.abs(value - (before[i] ?? NaN)))
      t.true(moved.every((value) => value < 1e-4))
      t.true(moved.some((value) => value > 1e-7))
      return
    }
    const network = makeNetwork([dense(7, 'tanh'), batchNorm(), dense(classes, 'softmax')])
    const learned = () => [0, 2].map((i) => tensorsOf(network, i))
    const normalization = () => tensorsOf(network, 1)
    const before = learned()
    const [gamma, beta, mean, variance] = normalization()
    for (const learningRate of [0, constant(0), () => 0])
      for (const conventions of ['keras', 'torch'] as const)
        await makeTrainer(network, {
          optimizer: { name, options: { learningRate, weightDecay: 0.1 } } as Options['optimizer'] &
            object,
          conventions,
          l1: 0.1,
          l2: 0.1,
        }).fit(data)
    t.deepEqual(learned(), before)
    t.deepEqual(normalization().slice(0, 2), [gamma, beta])
    t.notDeepEqual(normalization()[2], mean)
    t.notDeepEqual(normalization()[3], variance)
  })

// Penalties and limits of weights

test('no unit’s kernel is ever longer than its limit', async (t) => {
  for (const conventions of ['keras', 'torch'] as const) {
    const network = makeNetwork([
      dense(300, { activation: 'tanh', maxNorm: 0.3 }),
      dense(classes, 'softmax'),
    ])
    const trainer = makeTrainer(network, { optimizer: sgd({ learningRate: 1 }), conventions })
    let reached = 0
    for (let epoch = 0; epoch < 4; epoch++) {
      await trainer.partialFit(data)
      const { data: kernel = [], shape = [0, 0] } = network.layers[0]?.kernel ?? {}
      for (let column = 0; column < shape[1]; column++) {
        const length = norm([...kernel].filter((_, i) => i % shape[1] === column))
        t.true(length <= 0.3 * (1 + 1e-15))
        if (length > 0.2999) reached++
      }
    }
    t.true(reached > 0)
  }
})

test('an L1 penalty alone brings every kernel to zero within a step, and leaves biases', async (t) => {
  const network = makeNetwork()
  const start = network.layers.map(({ bias }) => [...(bias ?? [])])
  const optimizer = sgd({ learningRate: 0.01 })
  const none = new Dataset(features, labels, { classes, sampleWeights: labels.map(() => 0) })
  const trainer = makeTrainer(network, { optimizer, l1: 1, batchSize: rows, epochs: 150 })
  const { epochs } = await trainer.fit(none)
  for (const { kernel } of network.layers)
    for (const value of kernel.data) t.true(Math.abs(value) <= 0.01)
  t.deepEqual(
    network.layers.map(({ bias }) => [...(bias ?? [])]),
    start,
  )
  // Until the first weight is there, each loses 0.01 a step.
  const size = network.layers.reduce((sum, { kernel }) => sum + kernel.data.length, 0)
  const [first, second] = epochs
  t.true((first?.penalty ?? NaN) - (second?.penalty ?? NaN) <= 0.01 * size + rounding)
})

test('the conventions’ L2 penalties are the same up to their documented factors', async (t) => {
  const layers = [
    dense(7, { activation: 'tanh', useBias: false }),
    dense(classes, { activation: 'softmax', useBias: false }),
  ]
  const common = {
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, rateInVelocity: true }),
    batchSize: 8,
  }
  const keras = await train(data, { ...common, l2: 0.01 }, layers)
  const torch = await train(data, { ...common, l2: 0.02, conventions: 'torch' }, layers)
  const sklearn = await train(data, { ...common, l2: 0.02 * 8, conventions: 'sklearn' }, layers)
  t.true(distance(keras.parameters, torch.parameters) < rounding)
  t.true(distance(keras.parameters, sklearn.parameters) < rounding)
  t.true(distance(keras.reports.slice(0, 3), torch.reports.slice(0, 3)) < rounding)
  t.true(distance(keras.reports.slice(0, 3), sklearn.reports.slice(0, 3)) < rounding)
  // PyTorch's weight decay is its L2 penalty, unseen by the loss.
  const decay = sgd({
    learningRate: 0.1,
    momentum: 0.9,
    nesterov: true,
    rateInVelocity: true,
    weightDecay: 0.02,
  })
  const decayed = await train(data, { ...common, optimizer: decay, conventions: 'torch' }, layers)
  t.true(distance(keras.parameters, decayed.parameters) < rounding)
})

test('PyTorch’s L2 penalty takes biases and normalizations too', async (t) => {
  const network = makeNetwork([dense(7), layerNorm(), batchNorm(), dense(classes)])
  for (const layer of network.layers)
    if (layer.type === 'dense') layer.bias = [...(layer.bias ?? [])].fill(1)
  const none = new Dataset(features, labels, { classes, sampleWeights: labels.map(() => 0) })
  const options = {
    optimizer: sgd({ learningRate: 0.1 }),
    l2: 0.5,
    conventions: 'torch',
    meanOver: 'rows',
    epochs: 1,
    batchSize: rows,
  } as const
  await makeTrainer(network, { loss: 'meanSquaredError', ...options }).fit(none)
  for (const layer of network.layers) {
    const ones = layer.type === 'dense' ? layer.bias : layer.gamma
    for (const value of ones ?? [NaN]) t.true(Math.abs(value - 0.95) < rounding)
  }
})

test('decoupled decay shrinks every weight by rate times decay a step', async (t) => {
  const none = new Dataset(features, labels, { classes, sampleWeights: labels.map(() => 0) })
  for (const optimizer of [
    sgd({ learningRate: 0.1, weightDecay: 0.5 }),
    adamw({ learningRate: 0.1, weightDecay: 0.5 }),
    adam({ learningRate: 0.1, weightDecay: 0.5 }),
  ]) {
    const network = makeNetwork()
    const before = network.parameters
    await makeTrainer(network, { optimizer, epochs: 2 }).fit(none) // 6 steps
    t.true(
      distance(
        network.parameters,
        before.map((value) => value * 0.95 ** 6),
      ) < rounding,
    )
  }
})
