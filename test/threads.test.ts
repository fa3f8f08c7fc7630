import test from 'ava'
import { adam, Dataset, dense, Network, Trainer } from '../lib/index.js'
import { randomMatrix } from './helpers/random.js'

// Bits do not depend on the number of threads, also where there are more of them than processors.

const cases = {
  narrow: { widths: [4, 16, 16, 3], batch: 32, rows: 200 },
  'digits, by rows': { widths: [64, 100, 50, 10], batch: 100, rows: 450 },
  'mnist, by tensors': { widths: [784, 128, 10], batch: 64, rows: 300 },
  wide: { widths: [100, 1100, 700, 5], batch: 300, rows: 650 },
  deep: { widths: [20, ...Array<number>(12).fill(60), 4], batch: 128, rows: 300 },
  'a large batch in pieces': { widths: [10, 40, 3], batch: 5000, rows: 9001 },
} as const

for (const [name, { widths, batch, rows }] of Object.entries(cases))
  for (const dtype of ['float32', 'float64'] as const)
    test(`${name}, ${dtype}: the same bits at 1, 2, 3, 4 and 8 threads`, async (t) => {
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
      for (const threads of [2, 3, 4, 8])
        t.true(alone.equals(await run(threads)), `${threads} threads`)
    })
