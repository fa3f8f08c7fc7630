import { Dataset } from '../dataset.js'
import { dense } from '../layers.js'
import { native } from '../native.js'
import { Network } from '../network.js'
import { adam, sgd } from '../optimizers.js'
import { random } from '../random.js'
import { Trainer } from '../trainer.js'
import type { StepCase } from './cases.js'
import { mnistWidths, predictRows, stepFlops, stepsPerEpoch } from './cases.js'
import { median } from './statistics.js'
import { timeCalls } from './timing.js'

/** How long to measure. */
export interface MeasureSettings {
  /** Figures of each kind, one after the other. */
  readonly trials: number
  /** Of each of them. */
  readonly seconds: number
  readonly signal: AbortSignal
}

/** Times of one thing at a number of threads. */
export interface Times {
  readonly threads: number
  /** Seconds, a median for each trial. */
  readonly seconds: readonly number[]
}

/** A training step's. */
export interface StepTimes extends Times {
  /** Of the time of all threads, the share in which they multiply matrices. */
  readonly gemmShare: number
}

/** What a case came to. */
export interface MeasuredStep extends StepCase {
  /** Multiplications and additions of a step's products. */
  readonly flops: number
  readonly times: readonly StepTimes[]
}

/** What predictions of so many rows came to. */
export interface MeasuredPrediction extends Times {
  readonly rows: number
}

/**
 * The time of a training step, with all that a fit does: gathering shuffled rows, the products,
 * activations, loss, and the optimizer. The numbers of threads take turns, so that a machine whose
 * speed drifts favours none.
 *
 * @throws the signal's reason once it is aborted
 */
export async function measureStep(
  one: StepCase,
  threadCounts: readonly number[],
  { trials, seconds, signal }: MeasureSettings,
): Promise<MeasuredStep> {
  const { batch } = one
  const data = makeRows(one)
  const entries = threadCounts.map((threads) => {
    return { threads, trainer: makeTrainer(one, threads), seconds: [] as number[] }
  })
  const epochSeconds = async (trainer: Trainer, epochs: number) => {
    const fitted = await trainer.fit(data, { epochs, signal })
    return median(fitted.epochs.map((epoch) => epoch.seconds))
  }
  // The first epochs warm caches and clocks.
  const epochs = new Map<Trainer, number>()
  for (const { trainer } of entries)
    epochs.set(trainer, Math.max(1, Math.ceil(seconds / (await epochSeconds(trainer, 2)))))
  for (let trial = 0; trial < trials; trial++)
    for (const entry of entries) {
      const time = await epochSeconds(entry.trainer, epochs.get(entry.trainer) ?? 1)
      entry.seconds.push(time / (data.rows / batch))
    }
  // Only now: telling the shares costs time.
  const times: StepTimes[] = []
  for (const { trainer, ...rest } of entries) {
    native.startWorkClock()
    await trainer.fit(data, { epochs: epochs.get(trainer) ?? 1, signal })
    const { gemm, elementwise, gather, optimizer, waiting } = native.stopWorkClock()
    const all = gemm + elementwise + gather + optimizer + waiting
    times.push({ ...rest, gemmShare: gemm / all })
  }
  return { ...one, flops: stepFlops(one), times }
}

/** The time of `network.predict`, from JavaScript to JavaScript, by the rows. */
export async function measurePredictions({
  trials,
  seconds,
  signal,
}: MeasureSettings): Promise<MeasuredPrediction[]> {
  const [inputs = 1] = mnistWidths
  const network = makeNetwork({ widths: mnistWidths, activation: 'relu' })
  const measured: MeasuredPrediction[] = []
  for (const rows of predictRows) {
    const x = { data: Float32Array.from(random(0, 'toys', rows * inputs)), shape: [rows, inputs] }
    const times: number[] = []
    while (times.length < trials) {
      signal.throwIfAborted()
      times.push(await timeCalls(seconds, () => network.predict(x)))
    }
    measured.push({ rows, threads: native.describe().processors, seconds: times })
  }
  return measured
}

function makeRows({ widths, batch }: StepCase): Dataset {
  const [inputs = 1] = widths
  const outputs = widths.at(-1) ?? 1
  const rows = stepsPerEpoch({ widths, batch }) * batch
  const numbers = Float32Array.from(random(0, 'toys', rows * (inputs + 1)))
  const x = { data: numbers.subarray(rows), shape: [rows, inputs] }
  const y = numbers.subarray(0, rows)
  if (outputs === 1) return new Dataset(x, { data: y, shape: [rows, 1] })
  return new Dataset(
    x,
    Int32Array.from(y, (value) => Math.floor(outputs * value)),
    { classes: outputs },
  )
}

function makeNetwork({ widths, activation }: Pick<StepCase, 'widths' | 'activation'>): Network {
  const [inputs = 1, ...units] = widths
  const last = units.length - 1
  return new Network({
    inputs,
    layers: units.map((count, i) =>
      dense(count, i < last ? activation : count === 1 ? 'linear' : 'softmax'),
    ),
    seed: 0,
  })
}

const optimizers = { adam, sgd }

function makeTrainer(one: StepCase, threads: number): Trainer {
  const { optimizer, learningRate, batch } = one
  return new Trainer(makeNetwork(one), {
    loss: one.widths.at(-1) === 1 ? 'meanSquaredError' : 'categoricalCrossentropy',
    optimizer: optimizers[optimizer]({ learningRate }),
    batchSize: batch,
    seed: 0,
    threads,
  })
}
