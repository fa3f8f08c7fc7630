import type { LayerDescription } from '../../lib/index.js'
import {
  activation,
  adam,
  batchNorm,
  Dataset,
  dense,
  dropout,
  gaussianNoise,
  loadDigits,
  Network,
  oneCycle,
  stepsPerEpoch,
  Trainer,
} from '../../lib/index.js'

// The networks of test/accuracy.test.ts and test/long/accuracy.ts: digits with Adam, batch
// normalization and dropout, MNIST with dropout and a schedule.

/** What is open to choice for the digits. */
export interface DigitsSettings {
  readonly widths: readonly number[]
  /** Where batch normalization stands: before or after each hidden layer's relu. */
  readonly batchNorm: 'before' | 'after'
  /** Rate of dropout behind each hidden layer. */
  readonly dropout: number
  /** Standard deviation of what is added to the pixels, which are in [0, 1]. */
  readonly noise: number
  /** The highest learning rate of the cycle. */
  readonly learningRate: number
  readonly epochs: number
}

/** What is open to choice for MNIST. */
export interface MnistSettings {
  /** Rate of dropout of the pixels. */
  readonly inputDropout: number
  /** Rate of dropout behind each hidden layer. */
  readonly dropout: number
  /** Limit of the norm of each hidden unit's kernel column. */
  readonly maxNorm?: number
  /** The highest learning rate of the cycle. */
  readonly learningRate: number
  readonly batchSize: number
}

/** Images and digits, with pixels from 0 to 1. */
export async function loadScaledDigits(): Promise<Dataset> {
  const { x, y, classes } = await loadDigits()
  return new Dataset(x, y, { scale: 1 / 16, classes })
}

/** The training and test rows of one seed: 80 % and 20 %, stratified. */
export function splitDigits(digits: Dataset, seed: number): { train: Dataset; test: Dataset } {
  return digits.split({ train: 0.8, test: 0.2 }, { seed, stratify: true })
}

/** Trains on `train` and returns the share of `test` that is classified rightly. */
export async function digitsAccuracy(
  settings: DigitsSettings,
  train: Dataset,
  test: Dataset,
  seed: number,
): Promise<number> {
  const { epochs, noise } = settings
  const batchSize = 32
  const hidden = settings.widths.flatMap((width) => [
    dense(width, { useBias: false, kernelInitializer: 'heNormal' }),
    ...inOrder(settings.batchNorm),
    dropout(settings.dropout),
  ])
  const network = new Network({
    inputs: train.features,
    layers: [gaussianNoise(noise), ...hidden, dense(train.classes, 'softmax')],
    seed,
  })
  const trainer = new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: adam({
      learningRate: oneCycle(settings.learningRate, {
        steps: epochs * stepsPerEpoch(train, { batchSize }),
      }),
    }),
    metrics: ['accuracy'],
    batchSize,
    epochs,
    seed,
    threads: 1, // fits run side by side
  })
  await trainer.fit(train)
  return (await trainer.evaluate(test)).accuracy
}

function inOrder(place: DigitsSettings['batchNorm']): LayerDescription[] {
  // Its running statistics must settle within the few steps of a small data set.
  const normalization = batchNorm({ momentum: 0.9 })
  return place === 'before'
    ? [normalization, activation('relu')]
    : [activation('relu'), normalization]
}

/** The network 784-512-256-10 of these settings, and a Trainer with the cycle for `train`. */
export function mnistTrainer(
  { inputDropout, dropout: rate, maxNorm, learningRate, batchSize }: MnistSettings,
  train: Dataset,
  epochs: number,
  seed: number,
): Trainer<'accuracy'> {
  const hidden = { activation: 'relu', kernelInitializer: 'heNormal', maxNorm } as const
  const network = new Network({
    inputs: train.features,
    layers: [
      dropout(inputDropout),
      dense(512, hidden),
      dropout(rate),
      dense(256, hidden),
      dropout(rate),
      dense(train.classes, 'softmax'),
    ],
    seed,
  })
  return new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: adam({
      learningRate: oneCycle(learningRate, { steps: epochs * stepsPerEpoch(train, { batchSize }) }),
    }),
    metrics: ['accuracy'],
    batchSize,
    epochs,
    seed,
  })
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
