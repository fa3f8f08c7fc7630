import type { TaskData } from './data.js'
import { adamEpsilon, lossOf, readData } from './data.js'
import { load } from './packages.js'
import type { Task, Trial } from './task.js'
import { epochsBefore, timeCalls, timeEpochs } from './timing.js'

// TensorFlow.js by its layers API, on the backend that its two contenders name.

interface Tensor {
  data(): Promise<Float32Array>
  dispose(): void
}
interface Model {
  add(layer: unknown): void
  compile(options: object): void
  setWeights(weights: Tensor[]): void
  trainOnBatch(x: Tensor, y: Tensor): Promise<number | number[]>
  predict(x: Tensor): Tensor
}
/** What is used of it. */
interface Tfjs {
  setBackend(name: string): Promise<boolean>
  ready(): Promise<void>
  tensor1d(values: ArrayLike<number>, type: 'int32'): Tensor
  tensor2d(values: Float32Array, shape: number[]): Tensor
  zeros(shape: readonly number[]): Tensor
  gather(from: Tensor, rows: Tensor): Tensor
  oneHot(labels: Tensor, classes: number): Tensor
  sequential(): Model
  readonly layers: { dense(options: object): unknown }
  readonly train: {
    adam(rate: number, beta1: number, beta2: number, epsilon: number): unknown
    sgd(rate: number): unknown
  }
}

async function start(backend: string): Promise<Tfjs> {
  const tf = load('@tensorflow/tfjs') as Tfjs
  if (backend === 'wasm') load('@tensorflow/tfjs-backend-wasm')
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend}`)
  await tf.ready()
  return tf
}

function makeModel(tf: Tfjs, task: Task, { kernels }: TaskData): Model {
  const { widths, activation, optimizer, learningRate } = task
  const [inputs = 1, ...units] = widths
  const isRegression = units.at(-1) === 1
  const model = tf.sequential()
  units.forEach((count, i) => {
    const last = isRegression ? 'linear' : 'softmax'
    model.add(
      tf.layers.dense({
        units: count,
        activation: i < units.length - 1 ? activation : last,
        ...(i === 0 && { inputShape: [inputs] }),
      }),
    )
  })
  model.compile({
    optimizer:
      optimizer === 'adam'
        ? tf.train.adam(learningRate, 0.9, 0.999, adamEpsilon)
        : tf.train.sgd(learningRate),
    loss: isRegression ? 'meanSquaredError' : 'categoricalCrossentropy',
  })
  model.setWeights(
    kernels.flatMap((kernel, i) => {
      const shape = [widths[i] ?? 1, widths[i + 1] ?? 1]
      return [tf.tensor2d(kernel, shape), tf.zeros([widths[i + 1] ?? 1])]
    }),
  )
  return model
}

async function predictAll(model: Model, x: Tensor): Promise<Float32Array> {
  const outputs = model.predict(x)
  const values = await outputs.data()
  outputs.dispose()
  return values
}

/** Steps on `backend`, rows gathered by tfjs itself. */
export const step =
  (backend: string) =>
  async (task: Task): Promise<Trial> => {
    const tf = await start(backend)
    const { batch, seconds, widths } = task
    const data = readData(task)
    const { rows, order } = data
    const model = makeModel(tf, task, data)
    const classes = widths.at(-1) ?? 1
    const x = tf.tensor2d(data.x, [rows, widths[0] ?? 1])
    const y =
      classes === 1
        ? tf.tensor2d(data.targets, [rows, 1])
        : tf.oneHot(tf.tensor1d(data.labels, 'int32'), classes)
    const epoch = async () => {
      for (let row = 0; row < rows; row += batch) {
        const indices = tf.tensor1d(Int32Array.from(order.subarray(row, row + batch)), 'int32')
        const batches = [tf.gather(x, indices), tf.gather(y, indices)] as const
        await model.trainOnBatch(...batches)
        for (const tensor of [indices, ...batches]) tensor.dispose()
      }
      return undefined
    }
    for (let i = 0; i < epochsBefore; i++) await epoch()
    const loss = lossOf(await predictAll(model, x), data)
    return { value: (await timeEpochs(seconds, epoch)) / Math.ceil(rows / batch), loss }
  }

/** Predictions on `backend`, from an array to an array. */
export const predict =
  (backend: string) =>
  async (task: Task): Promise<Trial> => {
    const tf = await start(backend)
    const data = readData(task)
    const model = makeModel(tf, task, data)
    const call = async () => {
      const x = tf.tensor2d(data.x, [data.rows, task.widths[0] ?? 1])
      const outputs = await predictAll(model, x)
      x.dispose()
      return outputs
    }
    return { value: await timeCalls(task.seconds, call), loss: lossOf(await call(), data) }
  }

/** Imports it. */
export const importPackage = (backend: string) => async (): Promise<Trial> => {
  const began = performance.now()
  await start(backend)
  return { value: (performance.now() - began) / 1000 }
}
