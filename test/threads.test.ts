import test from 'ava'
import type { LayerDescription, TrainerOptions } from '../lib/index.js'
import {
  activation,
  adam,
  batchNorm,
  Dataset,
  dense,
  dropout,
  embedding,
  gaussianNoise,
  layerNorm,
  nadam,
  Network,
  sgd,
  Trainer,
} from '../lib/index.js'
import { numbersOf } from './helpers/compare.js'
import { randomMatrix } from './helpers/random.js'

// Bits do not depend on the number of threads, also where there are more of them than processors.

const cases = {
  narrow: { widths: [4, 16, 16, 3], batch: 32, rows: 200 },
  'digits, by rows': { widths: [64, 100, 50, 10], batch: 100, rows: 450 },
  'mnist, by tensors': { widths: [784, 128, 10], batch: 64, rows: 300 },
  wide: { widths: [100, 1100, 700, 5], batch: 300, rows: 650 },
  'wide, by columns but for the last batch': { widths: [9, 770, 770, 5], batch: 700, rows: 950 },
  deep: { widths: [20, ...Array<number>(12).fill(60), 4], batch: 128, rows: 300 },
  'a large batch in pieces': { widths: [10, 40, 3], batch: 5000, rows: 9001 },
} as const

for (const [name, { widths, batch, rows }] of Object.entries(cases))
  for (const dtype of ['float32', 'float64'] as const)
    test(`${name}, ${dtype}: the same bits at 1, 2, 3, 4, 8 and 64 threads`, async (t) => {
      const inputs = widths[0]
      const outputs = widths.at(-1) ?? 1
      const data = new Dataset(
        randomMatrix(rows, inputs, 1, -1, 1),
        randomMatrix(rows, 1, 2).map(([value = 0]) => Math.floor(value * outputs)),
        { classes: outputs },
      )
      const run = async (threads: number) => {
        const network = new Network({
          inputs,
          layers: widths
            .slice(1)
            .map((units, i) => dense(units, i === widths.length - 2 ? 'softmax' : 'relu')),
          dtype,
          seed: 1,
        })
        const trainer = new Trainer(network, {
          loss: 'categoricalCrossentropy',
          optimizer: adam(),
          metrics: ['accuracy'],
          l2: 1e-4,
          batchSize: batch,
          epochs: 2,
          threads,
        })
        const { epochs } = await trainer.fit(data, { validation: data })
        const scores = await trainer.evaluate(data)
        const losses = epochs.flatMap(({ loss, penalty, accuracy, validation }) => [
          loss,
          penalty,
          accuracy,
          validation.loss,
          validation.accuracy,
        ])
        const numbers = Float64Array.from([...losses, scores.loss, scores.accuracy])
        return Buffer.concat([
          new Uint8Array(network.parameters.buffer),
          new Uint8Array(numbers.buffer),
        ])
      }
      const alone = await run(1)
      for (const threads of [2, 3, 4, 8, 64])
        t.true(alone.equals(await run(threads)), `${threads} threads`)
    })

const networks = {
  'every kind of layer': {
    layers: [
      dense(40, { useBias: false, l1: 1e-5, activityL2: 1e-4 }),
      batchNorm(),
      activation('relu'),
      dropout(0.3),
      dense(30, { activation: 'tanh', maxNorm: 0.8 }),
      layerNorm(),
      gaussianNoise(0.1),
      batchNorm(),
      dense(4, 'softmax'),
    ],
    batchSize: 200,
    options: [
      { optimizer: adam(), clipGlobalNorm: 0.5, averageMomentum: 0.9 },
      { optimizer: nadam(), clipNorm: 0.1, accumulate: 2, classWeights: [1, 2, 3, 4] },
      { optimizer: sgd({ momentum: 0.9 }), clipValue: 0.01, l2: 1e-3, conventions: 'torch' },
      { optimizer: 'rprop', accumulate: 3 },
    ],
  },
  'an embedding': {
    layers: [
      embedding({ columns: [{ column: 24, categories: 30_000, dimensions: 5 }, { column: 25, categories: 9, dimensions: 2 }] }), // prettier-ignore
      dense(40, 'relu'),
      batchNorm(),
      dense(4, 'softmax'),
    ],
    batchSize: 200,
    options: [
      { optimizer: adam(), clipGlobalNorm: 0.5, averageMomentum: 0.9, l2: 1e-4 },
      { optimizer: nadam(), accumulate: 3, l1: 1e-5 },
      { optimizer: 'gradientDescent' },
    ],
  },
  'an embedding whose gradients go by rows': {
    layers: [
      embedding({ columns: [{ column: 25, categories: 9, dimensions: 2 }] }),
      dense(40, 'relu'),
      dense(4, 'softmax'),
    ],
    batchSize: 1000,
    options: [
      { optimizer: adam(), l2: 1e-4 },
      { loss: 'meanSquaredError', optimizer: 'lbfgs' },
    ],
  },
  'many rows accumulated': {
    layers: [dense(50, 'gelu'), dropout(0.2), dense(60, 'silu'), layerNorm(), dense(4, 'softmax')],
    batchSize: 300,
    options: [
      { optimizer: 'adamw', accumulate: 2, clipGlobalNorm: 0.1, averageMomentum: 0.99 },
      { optimizer: 'gradientDescent', clipNorm: 0.1 },
    ],
  },
  'rules that take the whole set': {
    layers: [dense(30, 'tanh'), layerNorm(), dense(20, 'sigmoid'), dense(4)],
    batchSize: 100,
    options: [
      { loss: 'meanSquaredError', optimizer: 'lbfgs', l2: 1e-4 },
      { loss: 'meanSquaredError', optimizer: 'bfgs', classWeights: [1, 2, 3, 4] },
      { loss: 'meanSquaredError', optimizer: 'levenbergMarquardt', l2: 1e-4 },
    ],
  },
} satisfies Record<
  string,
  {
    layers: LayerDescription[]
    batchSize: number
    options: Partial<TrainerOptions>[]
  }
>

for (const [name, { layers, batchSize, options }] of Object.entries(networks))
  for (const dtype of ['float32', 'float64'] as const)
    test(`${name}, ${dtype}: the same bits at 1, 2, 3, 4, 8 and 64 threads`, async (t) => {
      const numbers = randomMatrix(1150, 24, 1, -1, 1)
      const categories = (i: number) => [(i * i * 7919) % 30_000, (i * i) % 9]
      const embeds = layers.some(({ type }) => type === 'embedding')
      const x = embeds ? numbers.map((row, i) => [...row, ...categories(i)]) : numbers
      const data = new Dataset(
        x,
        numbers.map(([a = 0, b = 0]) => 2 * Number(a > 0) + Number(b > 0)),
        { classes: 4, sampleWeights: numbers.map(([a = 0]) => 1 + a) },
      )
      for (const [i, each] of options.entries()) {
        const run = async (threads: number) => {
          const network = new Network({ inputs: embeds ? 26 : 24, layers, dtype, seed: 1 })
          const trainer = new Trainer(network, {
            loss: 'categoricalCrossentropy',
            metrics: ['accuracy', 'rocAuc', 'f1'],
            batchSize,
            epochs: 3,
            threads,
            ...each,
          })
          const history = await trainer.fit(data, { validation: data.slice(0, 700) })
          const scores = await trainer.evaluate(data)
          return numbersOf([history, scores, network.parameters])
        }
        const alone = await run(1)
        t.true(alone.every(Number.isFinite))
        for (const threads of [2, 3, 4, 8, 64])
          t.deepEqual(await run(threads), alone, `${threads} threads, option ${i}`)
      }
    })
