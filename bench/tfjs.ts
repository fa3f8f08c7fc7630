import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProgramPart, TaskData } from './data.js'
import { accuracyOf, adamEpsilon, gridPoints, lossOf, readData, readProgram } from './data.js'
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
  fit(x: Tensor, y: Tensor, options: object): Promise<unknown>
  save(handler: unknown): Promise<unknown>
  dispose(): unknown
  predict(x: Tensor): Tensor
}
interface Artifacts {
  readonly weightData: ArrayBuffer
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
  readonly regularizers: { l2(options: { l2: number }): unknown }
  readonly io: { withSaveHandler(save: (artifacts: Artifacts) => Promise<object>): unknown }
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

function makeModel(tf: Tfjs, { widths, activation, optimizer, ...task }: Task, l2 = 0): Model {
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
        ...(l2 !== 0 && { kernelRegularizer: tf.regularizers.l2({ l2 }) }),
      }),
    )
  })
  model.compile({
    optimizer:
      optimizer === 'adam'
        ? tf.train.adam(task.learningRate, 0.9, 0.999, adamEpsilon)
        : tf.train.sgd(task.learningRate),
    loss: isRegression ? 'meanSquaredError' : 'categoricalCrossentropy',
  })
  return model
}

function setKernels(tf: Tfjs, model: Model, { widths }: Task, { kernels }: TaskData): void {
  model.setWeights(
    kernels.flatMap((kernel, i) => {
      const shape = [widths[i] ?? 1, widths[i + 1] ?? 1]
      return [tf.tensor2d(kernel, shape), tf.zeros([widths[i + 1] ?? 1])]
    }),
  )
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
    const model = makeModel(tf, task)
    setKernels(tf, model, task, data)
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
    const model = makeModel(tf, task)
    setKernels(tf, model, task, data)
    const call = async () => {
      const x = tf.tensor2d(data.x, [data.rows, task.widths[0] ?? 1])
      const outputs = await predictAll(model, x)
      x.dispose()
      return outputs
    }
    return { value: await timeCalls(task.seconds, call), loss: lossOf(await call(), data) }
  }

/** The rows of a program as tensors. */
function readTensors(tf: Tfjs, task: Task) {
  const { train, test } = readProgram(task)
  const inputs = task.widths[0] ?? 1
  const y = tf.oneHot(tf.tensor1d(Int32Array.from(train.labels), 'int32'), task.widths.at(-1) ?? 1)
  const tensor = ({ x, rows }: ProgramPart) => tf.tensor2d(x, [rows, inputs])
  return { test, x: tensor(train), y, testX: tensor(test) }
}

/** Trains as its users do: a call of `fit`, which shuffles. */
async function trainProgram(
  { x, y, test, testX }: ReturnType<typeof readTensors>,
  model: Model,
  { batch, epochs }: Task,
): Promise<number> {
  await model.fit(x, y, { batchSize: batch, epochs, verbose: 0, yieldEvery: 'never' })
  return accuracyOf(await predictAll(model, testX), test)
}

/** A program on `backend`, to the saved weights. */
export const program =
  (backend: string) =>
  async (task: Task): Promise<Trial> => {
    const tf = await start(backend)
    const model = makeModel(tf, task)
    const accuracy = await trainProgram(readTensors(tf, task), model, task)
    const save = async ({ weightData }: Artifacts) => {
      await writeFile(join(task.folder, 'weights.bin'), new Uint8Array(weightData))
      return {}
    }
    await model.save(tf.io.withSaveHandler(save))
    return { accuracy }
  }

/** The grid on `backend`. */
export const grid =
  (backend: string) =>
  async (task: Task): Promise<Trial> => {
    const tf = await start(backend)
    const tensors = readTensors(tf, task)
    let accuracy = 0
    for (const [learningRate, l2] of gridPoints) {
      const model = makeModel(tf, { ...task, learningRate }, l2)
      accuracy = Math.max(accuracy, await trainProgram(tensors, model, task))
      model.dispose()
    }
    return { accuracy }
  }

/** Imports it. */
export const importPackage = (backend: string) => async (): Promise<Trial> => {
  const began = performance.now()
  await start(backend)
  return { value: (performance.now() - began) / 1000 }
}
