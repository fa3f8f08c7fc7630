import { availableParallelism } from 'node:os'
import type { StepCase } from '../lib/benchmark/cases.js'
import {
  digitsWidths,
  mnistWidths,
  predictRows,
  stepCases,
  stepFlops,
  stepsPerEpoch,
  wideWidths,
} from '../lib/benchmark/cases.js'
import type { CaseKind } from './task.js'

export { stepFlops }

/** Something to measure. */
export interface Case extends StepCase {
  /** Cases that are chosen and shown together. */
  readonly group: string
  readonly kind: CaseKind
  /** Of a program; otherwise the time decides. */
  readonly epochs: number
  /** Rows there are; default: about 10 ms of steps at 50 GFLOPS, 8 to 500 of them. */
  readonly rows?: number
  /** Where the rows come from; default: drawn. */
  readonly source?: 'digits' | 'mnist'
  /** In a sweep: what grows, and how large it is here. */
  readonly grows?: { readonly what: string; readonly value: number }
  /** In a sweep over threads: how many. */
  readonly threads?: number
}

/** The groups that are measured where none is chosen: some minutes. */
export const defaultGroups: readonly string[] = [
  'steps',
  'predict',
  'memory',
  'import',
  'event-loop',
]
/** The groups whose trials take long, so that there are fewer of them. */
export const longGroups: readonly string[] = [
  'programs',
  'grid',
  'sweep-batch',
  'sweep-batch-wide',
  'sweep-width',
  'sweep-depth',
  'sweep-threads',
]

const adam = { optimizer: 'adam', learningRate: 0.001, activation: 'relu', epochs: 0 } as const
const sgd = { optimizer: 'sgd', learningRate: 0.1, activation: 'sigmoid', epochs: 0 } as const

const steps = stepCases.map((one): Case => ({ ...one, epochs: 0, group: 'steps', kind: 'step' }))

const predict = predictRows.map((rows): Case => ({
  name: `predict-${rows}`,
  group: 'predict',
  kind: 'predict',
  widths: mnistWidths,
  batch: rows,
  rows,
  ...adam,
}))

const single: readonly Case[] = [
  {
    name: 'memory-mnist',
    group: 'memory',
    kind: 'memory',
    widths: mnistWidths,
    batch: 64,
    rows: 20_000,
    ...adam,
  },
  {
    name: 'memory-wide',
    group: 'memory',
    kind: 'memory',
    widths: wideWidths,
    batch: 512,
    rows: 2048,
    ...adam,
  },
  { name: 'import', group: 'import', kind: 'import', widths: [1, 1], batch: 1, rows: 1, ...adam },
  {
    name: 'event-loop',
    group: 'event-loop',
    kind: 'eventLoop',
    widths: wideWidths,
    batch: 512,
    ...adam,
  },
  {
    name: 'program-digits',
    group: 'programs',
    kind: 'program',
    widths: digitsWidths,
    batch: 100,
    ...sgd,
    epochs: 100,
    source: 'digits',
  },
  {
    name: 'program-mnist',
    group: 'programs',
    kind: 'program',
    widths: mnistWidths,
    batch: 64,
    ...adam,
    epochs: 5,
    source: 'mnist',
  },
  {
    name: 'grid',
    group: 'grid',
    kind: 'grid',
    widths: digitsWidths,
    batch: 100,
    ...sgd,
    epochs: 100,
    source: 'digits',
  },
]

function sweep(
  what: string,
  values: readonly number[],
  toCase: (value: number) => Pick<Case, 'widths' | 'batch'> & { readonly threads?: number },
  group = `sweep-${what}`,
): Case[] {
  return values.map((value) => ({
    name: `${group}-${value}`,
    group,
    kind: 'step',
    ...adam,
    ...toCase(value),
    grows: { what, value },
  }))
}

const processors = availableParallelism()
const powers = (first: number, last: number) =>
  Array.from({ length: Math.log2(last / first) + 1 }, (_, i) => first * 2 ** i)
// The last shows what more threads than processors cost.
const threadCounts = [
  ...powers(1, 64).filter((count) => count < processors),
  processors,
  2 * processors,
]

const sweeps: readonly Case[] = [
  ...sweep('batch', powers(1, 2048), (batch) => ({ widths: mnistWidths, batch })),
  ...sweep(
    'batch',
    powers(32, 2048),
    (batch) => ({ widths: wideWidths, batch }),
    'sweep-batch-wide',
  ),
  ...sweep('width', powers(16, 2048), (width) => ({ widths: [784, width, width, 10], batch: 128 })),
  ...sweep('depth', powers(1, 16), (depth) => ({
    widths: [256, ...Array<number>(depth).fill(256), 10],
    batch: 128,
  })),
  ...sweep('threads', threadCounts, (threads) => ({ widths: wideWidths, batch: 512, threads })),
]

/** All there is. */
export const cases: readonly Case[] = [...steps, ...predict, ...single, ...sweeps]

/** The cases of these names or groups, 'all' for all; those of {@link defaultGroups} for none. */
export function chooseCases(names: readonly string[]): Case[] {
  if (names.includes('all')) return [...cases]
  const wanted = names.length === 0 ? defaultGroups : names
  for (const name of wanted)
    if (!cases.some((one) => one.name === name || one.group === name))
      throw new RangeError(
        `There is no case ${name}. Groups: ${[...defaultGroups, ...longGroups].join(', ')}; ` +
          `cases: ${[...steps, ...predict, ...single].map((one) => one.name).join(', ')}`,
      )
  return cases.filter(({ name, group }) => wanted.includes(name) || wanted.includes(group))
}

/** Rows of a case. */
export function rowsOf(one: Case): number {
  return one.rows ?? stepsPerEpoch(one) * one.batch
}
