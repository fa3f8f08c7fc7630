import type { ActivationName, OptimizerName } from '../lib/index.js'

/** A training step to time. */
export interface Case {
  readonly name: string
  /** Inputs, then the units of each layer. */
  readonly widths: readonly number[]
  /** Rows per step. */
  readonly batch: number
  readonly optimizer: OptimizerName
  /** Of the hidden layers; the last is softmax, or linear where it has one unit. */
  readonly activation: ActivationName
}

/** The cases, from the lecture's two networks to one that is all arithmetic and one that is none. */
export const cases: readonly Case[] = [
  {
    name: 'digits',
    widths: [64, 100, 50, 10],
    batch: 100,
    optimizer: 'sgd',
    activation: 'sigmoid',
  },
  { name: 'mnist', widths: [784, 128, 10], batch: 64, optimizer: 'adam', activation: 'relu' },
  {
    name: 'mnist-deep',
    widths: [784, 512, 256, 10],
    batch: 256,
    optimizer: 'adam',
    activation: 'relu',
  },
  {
    name: 'wide',
    widths: [784, 2048, 2048, 10],
    batch: 512,
    optimizer: 'adam',
    activation: 'relu',
  },
  {
    name: 'tabular',
    widths: [32, 256, 256, 1],
    batch: 1024,
    optimizer: 'adam',
    activation: 'relu',
  },
  { name: 'tiny', widths: [4, 16, 16, 3], batch: 32, optimizer: 'adam', activation: 'relu' },
]
