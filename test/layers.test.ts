import test from 'ava'
import type { ActivationName, DType, LayerDescription, LossBatch } from '../lib/index.js'
import {
  activation,
  batchNorm,
  Dataset,
  dense,
  dropout,
  gaussianNoise,
  layerNorm,
  Network,
  sgd,
  Trainer,
} from '../lib/index.js'
import { activations } from '../lib/options/index.js'
import { distance, rounding } from './helpers/compare.js'
import { randomMatrix } from './helpers/random.js'

const columns = 8
const rows = 1500
const features = randomMatrix(rows, columns, 1, -1, 1)
const data = new Dataset(features, features)

interface Watched {
  readonly epochs?: number
  readonly batchSize?: number
  readonly seed?: number
  readonly threads?: number
  readonly dtype?: DType
  readonly accumulate?: number
}

/**
 * What the last of some layers gives in training, epoch by epoch, row by row in their order. They
 * follow a dense layer that multiplies with the identity, and learn nothing.
 */
async function watch(
  layers: readonly LayerDescription[],
  { epochs = 1, dtype = 'float64', ...options }: Watched = {},
) {
  const network = new Network<DType>({
    inputs: columns,
    layers: [dense(columns), ...layers],
    dtype,
  })
  const [first] = network.layers
  if (first !== undefined) first.kernel = identity()
  const outputs: number[] = []
  const trainer = new Trainer(network, {
    loss: ({ outputs: { data: values } }: LossBatch) => {
      outputs.push(...values)
      return { value: 0, gradient: new Float64Array(values.length) }
    },
    optimizer: sgd({ learningRate: 0 }),
    shuffle: false,
    batchSize: 100,
    ...options,
  })
  await trainer.fit(data, { epochs })
  return { network, outputs, values: features.flat() }
}
const identity = () =>
  Array.from({ length: columns }, (_, i) =>
    Array.from({ length: columns }, (_, k) => Number(i === k)),
  )

/** The share of values of a list that a condition holds for. */
const share = <T>(values: readonly T[], holds: (value: T, index: number) => boolean): number =>
  values.filter(holds).length / values.length

for (const rate of [0, 0.1, 0.5, 0.9])
  test(`dropout of ${rate} drops that share and scales the rest`, async (t) => {
    const { outputs, values, network } = await watch([dropout(rate)], { epochs: 2 })
    const size = values.length
    t.is(outputs.length, 2 * size)
    for (const epoch of [outputs.slice(0, size), outputs.slice(size)]) {
      const dropped = share(epoch, (value) => value === 0)
      // Five standard deviations.
      t.true(Math.abs(dropped - rate) <= 5 * Math.sqrt((rate * (1 - rate)) / size), `${dropped}`)
      const kept = epoch.map((value, i) => (value === 0 ? 0 : (values[i] ?? NaN) / (1 - rate)))
      t.true(distance(epoch, kept) < rounding)
    }
    // Neighbours in a row, in a column and in time are dropped independently.
    for (const step of [1, columns, size]) {
      const both = share(outputs.slice(step), (value, i) => value === 0 && outputs[i] === 0)
      t.true(Math.abs(both - rate ** 2) < 0.02)
    }
    t.deepEqual([...network.predict(data).data], values)
  })

test('gaussian noise adds draws of its standard deviation', async (t) => {
  const { outputs, values, network } = await watch([gaussianNoise(0.3)])
  const noise = outputs.map((value, i) => value - (values[i] ?? NaN))
  const mean = noise.reduce((sum, value) => sum + value) / noise.length
  const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length
  t.true(Math.abs(mean) < (5 * 0.3) / Math.sqrt(noise.length))
  t.true(Math.abs(variance / 0.09 - 1) < 5 * Math.sqrt(2 / noise.length))
  t.true(Math.abs(share(noise, (value) => Math.abs(value) < 0.3) - 0.6827) < 0.03)
  t.true(Math.abs(share(noise, (value) => value > 0) - 0.5) < 0.03)
  t.deepEqual([...network.predict(data).data], values)
})

for (const [name, layer] of [
  ['dropout', dropout(0.4)],
  ['gaussian noise', gaussianNoise(0.4)],
] as const)
  test(`what ${name} draws is a function of seed, epoch and place in it`, async (t) => {
    const layers = [layer, layer] // each its own draws: not the square of one
    const size = rows * columns
    const { outputs } = await watch(layers, { epochs: 2 })
    for (const options of [
      { threads: 3 },
      { batchSize: 1 },
      { batchSize: 333, threads: 2 },
      { batchSize: rows },
      { batchSize: 10, accumulate: 7 },
      { seed: 0 },
    ])
      t.deepEqual((await watch(layers, { epochs: 2, ...options })).outputs, outputs)
    const first = outputs.slice(0, size)
    t.notDeepEqual(outputs.slice(size), first)
    t.notDeepEqual((await watch(layers, { seed: 1 })).outputs, first)
    // float32 draws the same, rounded.
    const single = (await watch(layers, { dtype: 'float32' })).outputs
    t.true(distance(single, first) < 1e-5)
    const once = (await watch([layer])).outputs
    t.notDeepEqual(once, first)
    // Later layers do not draw what the first one drew.
    const second = (await watch([activation('linear'), layer])).outputs
    t.notDeepEqual(second, once)
  })

/** Mean and population variance of each column. */
function moments(values: readonly number[], count = columns) {
  const lines = Array.from({ length: count }, (_, column) =>
    values.filter((_, i) => i % count === column),
  )
  const means = lines.map((line) => line.reduce((sum, value) => sum + value) / line.length)
  const variances = lines.map(
    (line, i) =>
      line.reduce((sum, value) => sum + (value - (means[i] ?? NaN)) ** 2, 0) / line.length,
  )
  return { means, variances }
}

test('batch normalization gives every batch mean beta and variance gamma squared', async (t) => {
  const gamma = [1, 2, 0.5, -1, 3, 0, 1, 1]
  const beta = [0, 1, -1, 2, 0, 5, 0, -3]
  for (const threads of [1, 4])
    for (const batchSize of [2, 50, 1500]) {
      const network = new Network({
        inputs: columns,
        layers: [dense(columns), batchNorm({ epsilon: 1e-12 })],
        dtype: 'float64',
      })
      const [first, normalization] = network.layers
      if (first === undefined || normalization === undefined) return t.fail()
      first.kernel = identity()
      normalization.gamma = gamma
      normalization.beta = beta
      const batches: number[][] = []
      const trainer = new Trainer(network, {
        loss: ({ outputs: { data: values } }) => {
          batches.push([...values])
          return { value: 0, gradient: values.map(() => 0) }
        },
        optimizer: sgd({ learningRate: 0 }),
        batchSize,
        threads,
      })
      await trainer.partialFit(data)
      t.is(batches.length, rows / batchSize)
      for (const batch of batches) {
        const { means, variances } = moments(batch)
        t.true(distance(means, beta) < 1e-9)
        if (batchSize > 2)
          t.true(
            distance(
              variances,
              gamma.map((value) => value ** 2),
            ) < 1e-9,
          )
      }
    }
})

for (const conventions of ['keras', 'torch'] as const)
  test(`running statistics follow the formula of ${conventions}`, async (t) => {
    const network = new Network({
      inputs: columns,
      layers: [batchNorm(), dense(columns)],
      dtype: 'float64',
      conventions,
    })
    const [normalization] = network.layers
    if (normalization === undefined) return t.fail()
    t.deepEqual([...normalization.movingMean], Array<number>(columns).fill(0))
    t.deepEqual([...normalization.movingVariance], Array<number>(columns).fill(1))
    const trainer = new Trainer(network, {
      loss: 'meanSquaredError',
      optimizer: 'sgd',
      batchSize: 400,
      shuffle: false,
      conventions,
    })
    await trainer.partialFit(data) // 400, 400, 400 and 300 rows
    const old = conventions === 'keras' ? 0.99 : 0.9
    let mean = Array<number>(columns).fill(0)
    let variance = Array<number>(columns).fill(1)
    for (let begin = 0; begin < rows; begin += 400) {
      const batch = features.slice(begin, begin + 400)
      const { means, variances } = moments(batch.flat())
      const correction = conventions === 'keras' ? 1 : batch.length / (batch.length - 1)
      mean = mean.map((value, i) => old * value + (1 - old) * (means[i] ?? NaN))
      variance = variance.map(
        (value, i) => old * value + (1 - old) * correction * (variances[i] ?? NaN),
      )
    }
    t.true(distance(normalization.movingMean, mean) < rounding)
    t.true(distance(normalization.movingVariance, variance) < rounding)

    // Prediction takes them.
    const epsilon = conventions === 'keras' ? 1e-3 : 1e-5
    const { gamma, beta } = normalization
    const normalized = features.map((row) =>
      row.map(
        (value, i) =>
          ((gamma[i] ?? NaN) * (value - (mean[i] ?? NaN))) /
            Math.sqrt((variance[i] ?? NaN) + epsilon) +
          (beta[i] ?? NaN),
      ),
    )
    const rest = new Network({ inputs: columns, layers: [dense(columns)], dtype: 'float64' })
    rest.parameters = network.parameters.slice(4 * columns)
    t.true(distance(network.predict(data), rest.predict(normalized)) < rounding)
    // Row by row too: no row sees another.
    t.true(
      distance(network.predict(data.slice(7, 8)).data, network.predict(data).data.slice(56, 64)) <
        rounding,
    )
  })

test('running statistics of float64 hold where values are far from zero', async (t) => {
  const far = features.map((row) => row.map((value) => value + 1e6))
  const network = new Network({
    inputs: columns,
    layers: [batchNorm({ momentum: 0 }), dense(1)],
    dtype: 'float64',
  })
  const trainer = new Trainer(network, {
    loss: 'meanSquaredError',
    optimizer: sgd({ learningRate: 0 }),
    batchSize: rows,
  })
  await trainer.partialFit(
    new Dataset(
      far,
      far.map(([value = 0]) => [value]),
    ),
  )
  const { means, variances } = moments(features.flat())
  const [normalization] = network.layers
  t.true(
    distance(
      normalization?.movingMean,
      means.map((value) => value + 1e6),
    ) < rounding,
  )
  t.true(distance(normalization?.movingVariance, variances) < 1e-8)
})

test('running statistics outlive files and clones, and train on from there', async (t) => {
  const network = new Network({
    inputs: columns,
    layers: [
      dense(6),
      batchNorm({ momentum: 0.8 }),
      activation('relu'),
      layerNorm(),
      dense(columns),
    ],
    dtype: 'float64',
  })
  const options = { loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.1 }) } as const
  await new Trainer(network, options).fit(data, { epochs: 2 })
  for (const copy of [network.clone(), Network.fromSafetensors(network.toSafetensors())]) {
    t.deepEqual([...copy.parameters], [...network.parameters])
    t.deepEqual([...(copy.layers[1]?.movingMean ?? [])], [...(network.layers[1]?.movingMean ?? [])])
    t.deepEqual([...copy.predict(data).data], [...network.predict(data).data])
    const original = network.clone()
    for (const each of [original, copy]) await new Trainer(each, options).fit(data, { epochs: 1 })
    t.deepEqual([...copy.parameters], [...original.parameters])
  }
})

test('layer normalization gives rows of mean 0 and variance 1, trained or predicted', async (t) => {
  const { outputs, network } = await watch([layerNorm({ epsilon: 1e-12 })], { batchSize: 7 })
  t.true(distance(network.predict(data).data, outputs) < rounding)
  for (let row = 0; row < rows; row++) {
    const { means, variances } = moments(outputs.slice(row * columns, (row + 1) * columns), 1)
    t.true(Math.abs(means[0] ?? NaN) < 1e-12)
    t.true(Math.abs((variances[0] ?? NaN) - 1) < 1e-9)
  }
})

test('a row of equal values is normalized to beta', async (t) => {
  const network = new Network({ inputs: 3, layers: [layerNorm()], dtype: 'float64' })
  const [layer] = network.layers
  if (layer === undefined) return t.fail()
  layer.beta = [1, 2, 3]
  t.deepEqual([...network.predict([[5, 5, 5]]).data], [1, 2, 3])
  // And a column of equal values, or a single row.
  const batch = new Network({ inputs: 3, layers: [batchNorm(), dense(1)], dtype: 'float64' })
  const trainer = new Trainer(batch, { loss: 'meanSquaredError', optimizer: 'sgd' })
  await trainer.fit(new Dataset([[5, 5, 5]], [[1]]), { epochs: 5 })
  t.true([...batch.parameters].every(Number.isFinite))
})

for (const name of Object.keys(activations) as ActivationName[])
  test(`${name} as a layer is ${name} at the end of a dense one`, async (t) => {
    // With the loss that the activation is fused with too, and below another layer.
    const fused = { softmax: 'categoricalCrossentropy', sigmoid: 'binaryCrossentropy' } as const
    const own = name === 'softmax' || name === 'sigmoid' ? [fused[name]] : []
    for (const loss of [...own, 'meanSquaredError'] as const)
      for (const tail of [[], [dense(4, 'tanh')]]) {
        const make = (layers: LayerDescription[]) =>
          new Network({ inputs: columns, layers, dtype: 'float64', seed: 5 })
        const one = make([dense(6, 'tanh'), dense(4, name), ...tail])
        const two = make([dense(6), activation('tanh'), dense(4), activation(name), ...tail])
        two.parameters = one.parameters
        const targets = randomMatrix(rows, 4, 3).map((row) => {
          const sum = row.reduce((a, b) => a + b)
          return row.map((value) => value / sum)
        })
        const set = new Dataset(features, targets)
        t.true(distance(one.predict(set), two.predict(set)) < rounding)
        const histories = []
        for (const network of [one, two]) {
          const trainer = new Trainer(network, {
            loss: tail.length > 0 ? 'meanSquaredError' : loss,
            optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }),
            epochs: 2,
            metrics: ['meanAbsoluteError'],
          })
          histories.push(await trainer.fit(set, { validation: set }))
        }
        t.true(distance(histories[0], histories[1]) < 1e-11)
        t.true(distance(one.parameters, two.parameters) < 1e-11)
      }
  })
