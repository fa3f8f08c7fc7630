import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { logspace } from '../lib/experiments/logspace.js'
import type { Case } from './cases.js'
import { rowsOf } from './cases.js'
import type { Task } from './task.js'

/**
 * What every contender trains on: the same rows, in the same order in every epoch, from the same
 * weights. As files of numbers in the machine's byte order, which any language reads.
 */
export interface TaskData {
  readonly rows: number
  readonly x: Float32Array
  /** Where there are several outputs: classes. */
  readonly labels: Int32Array
  /** Where there is one. */
  readonly targets: Float32Array
  /** Row numbers, in the order of training: shuffled, so that gathering them costs what it costs. */
  readonly order: Uint32Array
  /** Of each layer, `[inputs, units]`; the biases are 0. */
  readonly kernels: readonly Float32Array[]
}

/**
 * So small that it does not matter where libraries add it, to the root of the running average or of
 * the corrected one; with their own defaults the losses would differ.
 */
export const adamEpsilon = 1e-10

/** Writes the files of a case. */
export async function writeData(one: Case, folder: string): Promise<void> {
  if (one.source !== undefined) return writeSource(one.source, folder)
  const { x, labels, targets, order, kernels } = makeData(one)
  const files = { x, labels, targets, order }
  for (const [name, values] of Object.entries(files))
    await writeFile(join(folder, `${name}.bin`), values)
  for (const [i, kernel] of kernels.entries())
    await writeFile(join(folder, `kernel${i}.bin`), kernel)
  for (const [i, units] of one.widths.slice(1).entries())
    await writeFile(join(folder, `bias${i}.bin`), new Float32Array(units))
}

/** Reads them. */
export function readData({ folder, widths }: Task): TaskData {
  const read = (name: string) => {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${name}.bin`))
    return [buffer, byteOffset, byteLength / 4] as const
  }
  const order = new Uint32Array(...read('order'))
  return {
    rows: order.length,
    x: new Float32Array(...read('x')),
    labels: new Int32Array(...read('labels')),
    targets: new Float32Array(...read('targets')),
    order,
    kernels: widths.slice(1).map((_, i) => new Float32Array(...read(`kernel${i}`))),
  }
}

/** What the networks of the grid are trained with. */
export const gridAxes = { learningRate: logspace(-5, 1, 7), l2: logspace(-5, 1, 7) }
/** Learning rate and strength of L2 of each of them. */
export const gridPoints: readonly (readonly [learningRate: number, l2: number])[] =
  gridAxes.learningRate.flatMap((learningRate) =>
    gridAxes.l2.map((l2) => [learningRate, l2] as const),
  )

/** The training or the test rows of a program. */
export interface ProgramPart {
  readonly rows: number
  readonly x: Float32Array
  readonly labels: Uint8Array
}

/** Reads the rows of a program. */
export function readProgram({ folder, scale }: Task): Record<'train' | 'test', ProgramPart> {
  const read = (name: string) => readFileSync(join(folder, `${name}.bin`))
  const part = (name: string) => {
    const labels = new Uint8Array(read(`${name}_labels`))
    return {
      rows: labels.length,
      x: Float32Array.from(read(`${name}_x`), (b) => b * scale),
      labels,
    }
  }
  return { train: part('train'), test: part('test') }
}

/** The share of rows whose largest output, `[rows, classes]`, is that of their class. */
export function accuracyOf(outputs: ArrayLike<number>, { rows, labels }: ProgramPart): number {
  const classes = outputs.length / rows
  let right = 0
  for (let row = 0; row < rows; row++) {
    let best = 0
    for (let j = 1; j < classes; j++)
      if ((outputs[row * classes + j] ?? NaN) > (outputs[row * classes + best] ?? NaN)) best = j
    if (best === labels[row]) right++
  }
  return right / rows
}

/** The rows in the order of training, for contenders that gather none. */
export function inOrder({ x, labels, targets, order, rows, kernels }: TaskData): TaskData {
  const features = x.length / rows
  const sorted = new Float32Array(x.length)
  order.forEach((row, i) => {
    sorted.set(x.subarray(row * features, (row + 1) * features), i * features)
  })
  return {
    rows,
    x: sorted,
    labels: Int32Array.from(order, (row) => labels[row] ?? 0),
    targets: Float32Array.from(order, (row) => targets[row] ?? 0),
    order: Uint32Array.from(order, (_, i) => i),
    kernels,
  }
}

/**
 * The loss of a network's outputs, `[rows, outputs]`: mean cross-entropy of probabilities, mean
 * squared error of a single output.
 */
export function lossOf(
  outputs: ArrayLike<number>,
  { labels, targets, rows }: Pick<TaskData, 'labels' | 'targets' | 'rows'>,
): number {
  const columns = outputs.length / rows
  let sum = 0
  for (let row = 0; row < rows; row++)
    if (columns === 1) sum += ((outputs[row] ?? NaN) - (targets[row] ?? NaN)) ** 2
    else sum -= Math.log(Math.max(1e-7, outputs[row * columns + (labels[row] ?? NaN)] ?? NaN))
  return sum / rows
}

/** Uniform in [0, 1): a linear congruential generator, of which the high bits are good enough. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Rows with something to learn: the loss of a contender that learns otherwise differs. */
export function makeData(one: Case): TaskData {
  const { widths } = one
  const rows = rowsOf(one)
  const inputs = widths[0] ?? 1
  const outputs = widths.at(-1) ?? 1
  const random = generator(1)
  const x = Float32Array.from({ length: rows * inputs }, random)
  const teacher = Float64Array.from({ length: inputs * outputs }, () => random() - 0.5)
  const labels = new Int32Array(rows)
  const targets = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const scores = new Float64Array(outputs)
    for (let i = 0; i < inputs; i++)
      for (let j = 0; j < outputs; j++)
        scores[j] =
          (scores[j] ?? 0) + ((x[row * inputs + i] ?? 0) - 0.5) * (teacher[i * outputs + j] ?? 0)
    labels[row] = scores.indexOf(Math.max(...scores))
    targets[row] = Math.tanh(scores[0] ?? 0)
  }
  const order = Uint32Array.from({ length: rows }, (_, i) => i)
  for (let i = rows - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0]
  }
  const kernels = widths.slice(1).map((units, i) => {
    const before = widths[i] ?? 1
    const limit = Math.sqrt(6 / (before + units)) // Glorot's
    return Float32Array.from({ length: before * units }, () => (2 * random() - 1) * limit)
  })
  return { rows, x, labels, targets, order, kernels }
}

/** The rows of the programs, as bytes. */
async function writeSource(source: 'digits' | 'mnist', folder: string): Promise<void> {
  // Here, not above: a contender times the import.
  const { loadDigits, loadMnist } = await import('../lib/index.js')
  const { train, test } =
    source === 'mnist'
      ? await loadMnist()
      : (await loadDigits()).split({ train: 0.8, test: 0.2 }, { seed: 0, stratify: true })
  for (const [name, { x, y }] of Object.entries({ train, test })) {
    const bytes = Uint8Array.from(x.data, (value) => Math.round(value / scaleOf({ source })))
    await writeFile(join(folder, `${name}_x.bin`), bytes)
    await writeFile(join(folder, `${name}_labels.bin`), Uint8Array.from(y as Int32Array))
  }
}

/** What a program's bytes are multiplied with. */
export const scaleOf = ({ source }: Pick<Case, 'source'>): number =>
  source === 'mnist' ? 1 / 255 : 1
