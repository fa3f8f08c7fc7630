import type { ActivationName } from '../options/index.js'

/** A training step to measure. */
export interface StepCase {
  readonly name: string
  /** Inputs, then the units of each layer. */
  readonly widths: readonly number[]
  /** Rows per step. */
  readonly batch: number
  readonly optimizer: 'adam' | 'sgd'
  readonly learningRate: number
  /** Of the hidden layers; the last is softmax, or linear where it has one unit. */
  readonly activation: ActivationName
}

const adam = { optimizer: 'adam', learningRate: 0.001, activation: 'relu' } as const
// A rate at which the few epochs that are compared learn something.
const sgd = { optimizer: 'sgd', learningRate: 0.5, activation: 'sigmoid' } as const

/** Inputs and units of the lecture's two networks, and of one that is nearly all arithmetic. */
export const digitsWidths: readonly number[] = [64, 100, 50, 10]
export const mnistWidths: readonly number[] = [784, 128, 10]
export const wideWidths: readonly number[] = [784, 2048, 2048, 10]

/** From the lecture's two networks to one that is all arithmetic and one that is none. */
export const stepCases: readonly StepCase[] = [
  { name: 'digits', widths: digitsWidths, batch: 100, ...sgd },
  { name: 'mnist', widths: mnistWidths, batch: 64, ...adam },
  { name: 'mnist-deep', widths: [784, 512, 256, 10], batch: 256, ...adam },
  { name: 'wide', widths: wideWidths, batch: 512, ...adam },
  { name: 'tabular', widths: [32, 256, 256, 1], batch: 1024, ...adam },
  { name: 'tiny', widths: [4, 16, 16, 3], batch: 32, ...adam },
]

/** Rows that a network of {@link mnistWidths} predicts at once. */
export const predictRows: readonly number[] = [1, 32, 10_000]

type Shape = Pick<StepCase, 'widths' | 'batch'>

/** Multiplications and additions of a step's products, two each; the input's gradient is left out. */
export function stepFlops({ widths, batch }: Shape): number {
  const products = widths
    .slice(1)
    .reduce((sum, units, i) => sum + (i === 0 ? 2 : 3) * units * (widths[i] ?? 0), 0)
  return 2 * batch * products
}

/** Steps of an epoch: about 10 ms at 50 GFLOPS, 8 to 500. */
export function stepsPerEpoch(one: Shape): number {
  return Math.min(500, Math.max(8, Math.ceil((0.01 * 50e9) / stepFlops(one))))
}
