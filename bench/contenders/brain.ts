import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contend } from '../contender.js'
import { accuracyOf, inOrder, lossOf, readData, readProgram } from '../data.js'
import { load, versionOf } from '../packages.js'
import type { Task } from '../task.js'
import { epochsBefore, timeEpochs } from '../timing.js'

// brain.js: one row at a time, all outputs of the hidden layers' activation. A step here is as many
// rows as a step of the others.

interface Row {
  readonly input: readonly number[]
  readonly output: readonly number[]
}
interface NeuralNetwork {
  sizes: readonly number[]
  /** By layer, unit and input. */
  weights: number[][][]
  biases: number[][]
  initialize(): void
  train(rows: readonly Row[], options: object): unknown
  run(input: readonly number[]): ArrayLike<number>
  toJSON(): object
}
interface BrainJs {
  readonly NeuralNetwork: new (options: object) => NeuralNetwork
}

/** A network that is trained one epoch a call: `learn`. */
function start({ widths, activation, learningRate }: Task) {
  const { NeuralNetwork } = load('brain.js') as BrainJs
  const network = new NeuralNetwork({ activation })
  network.sizes = widths
  network.initialize()
  const settings = {
    iterations: 1,
    errorThresh: Number.EPSILON,
    learningRate,
    momentum: Number.EPSILON,
  }
  const learn = (rows: readonly Row[]) => {
    network.train(rows, settings)
  }
  return { network, learn }
}

function toRows(x: Float32Array, labels: ArrayLike<number>, classes: number): Row[] {
  const inputs = x.length / labels.length
  return Array.from(labels, (label, i) => {
    const input = Array.from(x.subarray(i * inputs, (i + 1) * inputs))
    return { input, output: Array.from({ length: classes }, (_, j) => +(j === label)) }
  })
}

const note = 'one row at a time, squared error, no softmax: another problem'

await contend({
  version: () => versionOf('brain.js'),
  threads: 'one',
  run: {
    step: async (task) => {
      const { widths, batch, seconds } = task
      const classes = widths.at(-1) ?? 1
      if (classes === 1) return { skipped: 'it has no linear output' }
      const data = inOrder(readData(task))
      const { network, learn } = start(task)
      data.kernels.forEach((kernel, layer) => {
        const units = widths[layer + 1] ?? 1
        network.weights[layer + 1] = Array.from({ length: units }, (_, unit) =>
          Array.from({ length: kernel.length / units }, (_, i) => kernel[i * units + unit] ?? 0),
        )
        network.biases[layer + 1] = Array<number>(units).fill(0)
      })
      const rows = toRows(data.x, data.labels, classes)
      const epoch = () => {
        learn(rows)
        return undefined
      }
      for (let i = 0; i < epochsBefore; i++) epoch()
      const outputs = rows.flatMap(({ input }) => {
        const values = Array.from(network.run(input))
        const sum = values.reduce((a, b) => a + b) || 1 // of rectified units it can be 0
        return values.map((value) => value / sum)
      })
      return {
        value: (await timeEpochs(seconds, epoch)) / Math.ceil(data.rows / batch),
        loss: lossOf(outputs, data),
        note,
      }
    },
    program: (task) => {
      const { train, test } = readProgram(task)
      const classes = task.widths.at(-1) ?? 1
      const { network, learn } = start(task)
      const rows = toRows(train.x, train.labels, classes)
      for (let i = 0; i < task.epochs; i++) learn(rows) // in their order: it shuffles nothing
      const outputs = toRows(test.x, test.labels, classes).flatMap(({ input }) =>
        Array.from(network.run(input)),
      )
      writeFileSync(join(task.folder, 'network.json'), JSON.stringify(network.toJSON()))
      return { accuracy: accuracyOf(outputs, test), note }
    },
    grid: () => ({ skipped: 'it has no penalty of the weights' }),
    import: () => {
      const began = performance.now()
      load('brain.js')
      return { value: (performance.now() - began) / 1000 }
    },
  },
})
