import { contend } from '../contender.js'
import { inOrder, lossOf, readData } from '../data.js'
import { load, versionOf } from '../packages.js'
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
}
interface BrainJs {
  readonly NeuralNetwork: new (options: object) => NeuralNetwork
}

await contend({
  version: () => versionOf('brain.js'),
  threads: 'one',
  run: {
    step: async ({ widths, batch, learningRate, activation, seconds, ...task }) => {
      const classes = widths.at(-1) ?? 1
      if (classes === 1) return { skipped: 'it has no linear output' }
      const { NeuralNetwork } = load('brain.js') as BrainJs
      const data = inOrder(readData({ widths, batch, learningRate, activation, seconds, ...task }))
      const network = new NeuralNetwork({ activation })
      network.sizes = widths
      network.initialize()
      data.kernels.forEach((kernel, layer) => {
        const units = widths[layer + 1] ?? 1
        network.weights[layer + 1] = Array.from({ length: units }, (_, unit) =>
          Array.from({ length: kernel.length / units }, (_, i) => kernel[i * units + unit] ?? 0),
        )
        network.biases[layer + 1] = Array<number>(units).fill(0)
      })
      const inputs = widths[0] ?? 1
      const rows = Array.from(data.labels, (label, i): Row => {
        const input = Array.from(data.x.subarray(i * inputs, (i + 1) * inputs))
        return { input, output: Array.from({ length: classes }, (_, j) => +(j === label)) }
      })
      const settings = {
        iterations: 1,
        errorThresh: Number.EPSILON,
        learningRate,
        momentum: Number.EPSILON,
      }
      const epoch = () => {
        network.train(rows, settings)
        return undefined
      }
      for (let i = 0; i < epochsBefore; i++) epoch()
      const outputs = rows.flatMap(({ input }) => {
        const values = Array.from(network.run(input))
        const sum = values.reduce((a, b) => a + b)
        return values.map((value) => value / sum)
      })
      return {
        value: (await timeEpochs(seconds, epoch)) / Math.ceil(data.rows / batch),
        loss: lossOf(outputs, data),
        note: 'one row at a time, squared error, no softmax: another problem',
      }
    },
    import: () => {
      const began = performance.now()
      load('brain.js')
      return { value: (performance.now() - began) / 1000 }
    },
  },
})
