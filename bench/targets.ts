import type { Result } from './report.js'
import { bestOf, ratioTo } from './report.js'
import { median } from './statistics.js'

// What gemmnet is to reach, on two cores. The README's table is made of it: bench/readme.ts.

/** A figure, and what it is to reach. */
export interface Target {
  /** What the figure is, in words. */
  readonly figure: string
  /** Whether it is to be this at most, or at least. */
  readonly bound: 'at most' | 'at least'
  readonly goal: number
  /** How it is written. */
  readonly unit: keyof typeof units
  /** Undefined where something it needs was not measured. */
  readonly measure: (results: readonly Result[]) => number | undefined
}

/** How figures are written, with as many digits as they are compared to. */
export const units = {
  ratio: (value: number) => value.toFixed(2),
  times: (value: number) => value.toFixed(1),
  seconds: (value: number) => `${value.toFixed(2)} s`,
  milliseconds: (value: number) => `${(value * 1e3).toFixed(1)} ms`,
  microseconds: (value: number) => `${(value * 1e6).toFixed(1)} us`,
  percent: (value: number) => `${(value * 100).toFixed(2)} %`,
} as const

const npmTrainers = ['tfjs-wasm', 'tfjs-cpu', 'brain', 'ml-fnn']

const overBareGemm = (name: string, goal: number): Target => ({
  figure: `${name}: whole step over the bare gemm calls`,
  bound: 'at most',
  goal,
  unit: 'ratio',
  measure: (results) => ratioTo(results, name, 'gemmnet', 'bare-gemm'),
})

/** The time of the fastest of other contenders, of those that were measured, over gemmnet's. */
const overGemmnet = (
  figure: string,
  name: string,
  others: readonly string[],
  goal: number,
): Target => ({
  figure: `${name}: ${figure}`,
  bound: 'at least',
  goal,
  unit: 'times',
  measure: (results) => {
    const ratios = others.flatMap((other) => ratioTo(results, name, other, 'gemmnet') ?? [])
    return ratios.length === 0 ? undefined : Math.min(...ratios)
  },
})

const atMost = (figure: string, name: string, goal: number, unit: Target['unit']): Target => ({
  figure: `${name}: ${figure}`,
  bound: 'at most',
  goal,
  unit,
  measure: (results) => {
    const own = bestOf(results, name, 'gemmnet')
    return own && median(own.values)
  },
})

const withinFormula = (name: string): Target => ({
  figure: `${name}: memory of a fit over what the formula allows`,
  bound: 'at most',
  goal: 1,
  unit: 'ratio',
  measure: (results) => ratioTo(results, name, 'gemmnet', 'formula'),
})

const againstPytorch = (name: string, goal: number) =>
  overGemmnet("PyTorch's step over gemmnet's", name, ['pytorch'], goal)

/** All of them, in the order of the table. */
export const targets: readonly Target[] = [
  overBareGemm('digits', 1),
  overBareGemm('mnist', 1),
  overBareGemm('mnist-deep', 1.05),
  overBareGemm('wide', 1.05),
  overBareGemm('tabular', 1.05),
  overBareGemm('tiny', 2),
  againstPytorch('digits', 6),
  againstPytorch('mnist', 3),
  againstPytorch('wide', 1),
  againstPytorch('tiny', 40),
  overGemmnet("the fastest npm trainer's step over gemmnet's", 'mnist', npmTrainers, 60),
  atMost('start of the process to the saved file', 'program-mnist', 2.5, 'seconds'),
  {
    figure: 'program-mnist: accuracy on the test rows',
    bound: 'at least',
    goal: 0.972,
    unit: 'percent',
    measure: (results) => bestOf(results, 'program-mnist', 'gemmnet')?.accuracy,
  },
  atMost('49 networks, start of the process to its end', 'grid', 5, 'seconds'),
  atMost('one row, from JavaScript', 'predict-1', 15e-6, 'microseconds'),
  overGemmnet("onnxruntime-node's time over gemmnet's", 'predict-1', ['onnxruntime'], 1),
  {
    figure: 'predict-10000: time over the bare gemm calls',
    bound: 'at most',
    goal: 1.1,
    unit: 'ratio',
    measure: (results) => ratioTo(results, 'predict-10000', 'gemmnet', 'bare-gemm'),
  },
  atMost('99th percentile of the delay during a fit', 'event-loop', 0.01, 'milliseconds'),
  withinFormula('memory-mnist'),
  withinFormula('memory-wide'),
  atMost('importing the package', 'import', 0.06, 'milliseconds'),
]

/** A target held against results: what the table shows. */
export interface Standing {
  readonly figure: string
  readonly goal: string
  readonly measured: string
  readonly outcome: 'reached' | 'not reached' | 'not measured'
}

/** Holds targets against results, as exactly as they are written: 1.004 is 1.00. */
export function hold(results: readonly Result[], held: readonly Target[] = targets): Standing[] {
  return held.map(({ figure, bound, goal, unit, measure }) => {
    const write = units[unit]
    const value = measure(results)
    const written = { figure, goal: `${bound} ${write(goal)}` }
    if (value === undefined) return { ...written, measured: '-', outcome: 'not measured' }
    const [shown, wanted] = [parseFloat(write(value)), parseFloat(write(goal))]
    const isReached = bound === 'at most' ? shown <= wanted : shown >= wanted
    return { ...written, measured: write(value), outcome: isReached ? 'reached' : 'not reached' }
  })
}
