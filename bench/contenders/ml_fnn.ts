import { contend } from '../contender.js'
import { inOrder, lossOf, readData } from '../data.js'
import { load, versionOf } from '../packages.js'
import { epochsBefore, timeEpochs } from '../timing.js'

// ml-fnn: gradient descent on all the rows it is given, which are here those of one step.

interface Matrix {
  to1DArray(): number[]
}
interface Network {
  propagate(x: Matrix): Matrix
  backpropagation(x: Matrix, labels: readonly number[], probabilities: Matrix): void
}
interface MlFnn {
  readonly load: (model: object) => Network
}
interface MlMatrix {
  readonly Matrix: { from1DArray(rows: number, columns: number, values: Float32Array): Matrix }
}

const activations: Readonly<Record<string, string>> = { sigmoid: 'logistic', relu: 'relu' }

await contend({
  version: () => versionOf('ml-fnn'),
  threads: 'one',
  run: {
    step: async (task) => {
      const { widths, batch, learningRate, optimizer, activation, seconds } = task
      const inputs = widths[0] ?? 1
      const classes = widths.at(-1) ?? 1
      if (classes === 1) return { skipped: 'it has no regression' }
      const { Matrix } = load('ml-matrix') as MlMatrix
      const data = inOrder(readData(task))
      const { rows, x, labels, kernels } = data
      // As it loads a saved one: a new one has only tanh, and weights of its own.
      const layers = kernels.map((kernel, i) => {
        const [inputSize = 1, outputSize = 1] = widths.slice(i)
        return {
          model: 'Layer',
          inputSize,
          outputSize,
          regularization: 0,
          epsilon: learningRate / batch, // it sums the gradients of rows
          activation: activations[activation],
          W: Matrix.from1DArray(inputSize, outputSize, kernel),
          b: Matrix.from1DArray(1, outputSize, new Float32Array(outputSize)),
        }
      })
      const names = Object.fromEntries(Array.from({ length: classes }, (_, i) => [i, i]))
      const network = (load('ml-fnn') as MlFnn).load({
        model: 'FNN',
        activation: activations[activation],
        layers,
        dicts: { inputs: names, outputs: names },
      })
      const batches = Array.from({ length: Math.ceil(rows / batch) }, (_, i) => {
        const part = x.subarray(i * batch * inputs, (i + 1) * batch * inputs)
        return {
          x: Matrix.from1DArray(part.length / inputs, inputs, part),
          labels: [...labels.subarray(i * batch, (i + 1) * batch)],
        }
      })
      // What its `train` does in an iteration; `train` would number the classes anew for each batch.
      const epoch = () => {
        for (const one of batches)
          network.backpropagation(one.x, one.labels, network.propagate(one.x))
        return undefined
      }
      for (let i = 0; i < epochsBefore; i++) epoch()
      const outputs = batches.flatMap((one) => network.propagate(one.x).to1DArray())
      const loss = lossOf(outputs, data)
      const value = (await timeEpochs(seconds, epoch)) / batches.length
      return {
        value,
        loss,
        ...(optimizer !== 'sgd' && { note: 'plain gradient descent: it has no Adam' }),
      }
    },
  },
})
